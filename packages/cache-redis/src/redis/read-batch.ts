import { InfrastructureError } from '@verbatim/cache-core'
import type { RedisClient } from '../connection/clients.js'
import { malformedReply } from '../connection/connection-errors.js'
import type { RunCommands } from '../connection/redis-connection.js'
import type { Collection, Turn } from '../connection/turn.js'

/** A read that waits for the end of the turn, or for its reply. */
interface Reader {
  readonly name: string
  readonly resolve: (bytes: Buffer | null) => void
  readonly reject: (error: unknown) => void
}

/** The most keys of one command. Callers that wait for it do nothing in the meantime, so more keys are slower. */
const MAX_KEYS = 32
/** The most bytes that the reply to several keys may be expected to have. */
const MAX_BYTES = 64 * 1_024
/** The expected length of a value before any was read, in bytes. */
const FIRST_GUESS_BYTES = MAX_BYTES / MAX_KEYS
/** The share of the last reply in the expected length of a value. */
const WEIGHT = 0.25

/**
 * Reads the keys of one turn of the event loop with one `MGET`. For 64 callers, the throughput of reads is
 * 1.5 times that of one `GET` for each.
 *
 * In a Cluster, each key is read alone. Few keys of a turn share a slot, and while a slot moves, several of
 * its keys are refused where each of them alone is not.
 */
export class ReadBatch implements Collection {
  readonly #client: RedisClient
  readonly #run: RunCommands
  readonly #turn: Turn
  #readers: Reader[] = []
  /** The expected length of a value, in bytes. */
  #likelyBytes = FIRST_GUESS_BYTES

  constructor(client: RedisClient, run: RunCommands, turn: Turn) {
    this.#client = client
    this.#run = run
    this.#turn = turn
  }

  /**
   * Returns the bytes under a name in Redis. A name of another type is `null` if its turn has other reads.
   *
   * @throws InfrastructureError as {@link RunCommands}
   */
  get(name: string): Promise<Buffer | null> {
    if (this.#client.isCluster) return this.#getAlone(name)
    this.#turn.collect(this)
    return new Promise((resolve, reject) => {
      this.#readers.push({ name, resolve, reject })
      const { length } = this.#readers
      if (length === MAX_KEYS || (length + 1) * this.#likelyBytes > MAX_BYTES) this.#turn.flush()
    })
  }

  flush(): void {
    const readers = this.#readers
    this.#readers = []
    if (readers.length === 1) this.#answerAlone(readers[0] as Reader)
    else void this.#answer(readers)
  }

  async #answer(readers: readonly Reader[]): Promise<void> {
    try {
      const replies = await this.#getMany(readers.map(({ name }) => name))
      for (const [index, { resolve }] of readers.entries()) resolve(replies[index] ?? null)
    } catch (error) {
      // Redis refuses all keys because of one that the user may not read.
      if (hasCode(error, 'BACKEND_REFUSED')) for (const reader of readers) this.#answerAlone(reader)
      else for (const { reject } of readers) reject(error)
    }
  }

  #answerAlone({ name, resolve, reject }: Reader): void {
    this.#getAlone(name).then(resolve, reject)
  }

  async #getAlone(name: string): Promise<Buffer | null> {
    const bytes = await this.#run((client) => client.getBuffer(name), name)
    this.#learn([bytes])
    return bytes
  }

  async #getMany(names: readonly string[]): Promise<readonly (Buffer | null)[]> {
    const [first = ''] = names
    try {
      const replies = await this.#run((client) => client.mgetBuffer(...names), first)
      if (!Array.isArray(replies) || replies.length !== names.length) {
        throw malformedReply('it must be a list of values')
      }
      this.#learn(replies)
      return replies
    } catch (error) {
      // The values may be so large that they did not arrive in time. Fewer keys at a time do.
      if (hasCode(error, 'BACKEND_TIMEOUT')) this.#likelyBytes = MAX_BYTES
      throw error
    }
  }

  #learn(replies: readonly unknown[]): void {
    let bytes = 0
    for (const reply of replies) if (Buffer.isBuffer(reply)) bytes += reply.length
    this.#likelyBytes += WEIGHT * (bytes / replies.length - this.#likelyBytes)
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof InfrastructureError && error.code === code
}
