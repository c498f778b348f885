import { Redis } from 'ioredis'
import type { VersionId } from '../checker/version.js'

/** The source of the cached values: a separate Redis without faults. */
export class SourceOfTruth implements AsyncDisposable {
  readonly #client: Redis

  constructor(url: string) {
    this.#client = new Redis(url)
  }

  /** Returns the current version of a key, `undefined` if it was never written. */
  async read(key: number): Promise<VersionId | undefined> {
    const text = await this.#client.get(String(key))
    if (text === null) return undefined
    const [writer, number] = text.split('#')
    return { writer: Number(writer), number: Number(number) }
  }

  /** Writes versions with one command, so that writes take effect in the order of the calls. */
  async write(versions: readonly (readonly [key: number, id: VersionId])[]): Promise<void> {
    await this.#client.mset(
      ...versions.flatMap(([key, { writer, number }]) => [String(key), `${writer}#${number}`]),
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.quit()
  }
}
