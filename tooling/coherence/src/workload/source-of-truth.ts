import { Redis } from 'ioredis'
import type { VersionId } from '../checker/version.js'

/** What the cached values are loaded from: a Redis of its own, which nobody disturbs. */
export class SourceOfTruth implements AsyncDisposable {
  readonly #client: Redis

  constructor(url: string) {
    this.#client = new Redis(url)
  }

  /** Answers `undefined` for a key that was never written. */
  async read(key: number): Promise<VersionId | undefined> {
    const text = await this.#client.get(String(key))
    if (text === null) return undefined
    const [writer, number] = text.split('#')
    return { writer: Number(writer), number: Number(number) }
  }

  /** Always one command, so that writes are carried out, and answered, in the order of the calls. */
  async write(versions: readonly (readonly [key: number, id: VersionId])[]): Promise<void> {
    await this.#client.mset(
      ...versions.flatMap(([key, { writer, number }]) => [String(key), `${writer}#${number}`]),
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.quit()
  }
}
