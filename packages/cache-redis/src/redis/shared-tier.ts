import { type EventHub, InfrastructureError } from '@verbatim/cache-core'
import type { Freshness } from '../codec/envelope.js'
import { ValueCodec } from '../codec/value-codec.js'
import { checkServer } from '../connection/redis-client.js'
import { RedisConnection } from '../connection/redis-connection.js'
import type { RedisCacheEvents } from '../events.js'
import type { Ticket } from '../memory/key-fence.js'
import type { ResolvedOptions } from '../options.js'
import type { Tally } from '../tally.js'
import { RedisTier, type StoredValue } from './redis-tier.js'
import { UnconfirmedDeletes } from './unconfirmed-deletes.js'

/**
 * Redis as the cache sees it: trouble is counted and told, and thrown only if the cache was told to;
 * what could not be deleted is kept out of sight until it has been.
 *
 * Methods answer `undefined` where Redis was no use.
 */
export class SharedTier {
  readonly #throwsBackendErrors: boolean
  readonly #events: EventHub<RedisCacheEvents>
  readonly #tally: Tally
  readonly #codec: ValueCodec
  readonly #connection: RedisConnection
  readonly #redis: RedisTier
  readonly #unconfirmed: UnconfirmedDeletes

  constructor(options: ResolvedOptions, events: EventHub<RedisCacheEvents>, tally: Tally) {
    this.#throwsBackendErrors = options.throwsBackendErrors
    this.#events = events
    this.#tally = tally
    this.#codec = new ValueCodec(options)
    this.#connection = new RedisConnection({
      client: options.client,
      owned: options.ownsClient,
      commandTimeoutMs: options.commandTimeoutMs,
      check: (client) => checkServer(client, options.database),
      onChange: (ready) => {
        events.emit(ready ? 'connected' : 'disconnected')
        if (ready) void this.#unconfirmed.settle()
      },
    })
    this.#redis = new RedisTier(this.#connection.run, this.#codec, options.keyPrefix)
    this.#unconfirmed = new UnconfirmedDeletes({
      ready: () => this.#connection.ready,
      deleteKeys: (keys) => this.#redis.removeAll(keys),
      deletePattern: (pattern) => this.#redis.removeMatching(pattern),
    })
  }

  get status(): {
    connected: boolean
    lastTrouble: string | undefined
    unconfirmedDeletes: number
  } {
    return {
      connected: this.#connection.ready,
      lastTrouble: this.#connection.lastTrouble,
      unconfirmedDeletes: this.#unconfirmed.size,
    }
  }

  connect(): Promise<boolean> {
    return this.#connection.connect()
  }

  close(): Promise<void> {
    this.#unconfirmed.close()
    return this.#connection.close()
  }

  /** Answers `null` when there is no value. One that cannot be read is removed and counts as none. */
  async read(key: string): Promise<StoredValue | null | undefined> {
    if (!this.#believes(key)) return undefined
    const stored = await this.#attempt(() => this.#redis.read(key))
    if (stored === undefined) return undefined
    if (stored !== null && !('corrupt' in stored)) return stored
    this.#tally.redisMiss()
    if (stored !== null) await this.#dropCorrupt(key, stored.corrupt)
    return null
  }

  /**
   * Takes the bytes of a value as it is now.
   *
   * @throws SerializationError for a value without a form in bytes
   */
  encode(key: string, value: unknown, freshness: Freshness): Promise<Buffer> {
    return this.#codec.encode(key, value, freshness)
  }

  /** @param holdMs - its life and grace together; `Infinity` for ever */
  write(write: Ticket, bytes: Buffer, holdMs: number): Promise<true | undefined> {
    return this.#change(write, async () => {
      await this.#redis.write(write.key, bytes, holdMs)
      return true as const
    })
  }

  /** Answers whether the key was there and fresh. */
  remove(write: Ticket): Promise<boolean | undefined> {
    const believed = this.#believes(write.key)
    return this.#change(write, async () => (await this.#redis.remove(write.key)) && believed)
  }

  /** Answers `null` when the key is absent or stale; `Infinity` when it never expires. */
  async freshMs(key: string): Promise<number | null | undefined> {
    if (!this.#believes(key)) return undefined
    return this.#attempt(async () => (await this.#redis.freshMs(key)) ?? null)
  }

  /**
   * Lists keys, each once.
   *
   * @throws InfrastructureError whatever the cache was told: half a list would look like a whole one
   */
  async *keys(pattern: string): AsyncIterable<string> {
    const listed = new Set<string>()
    for await (const page of this.#redis.pages(pattern)) {
      for (const key of await this.#redis.freshAmong(page)) {
        if (listed.has(key) || !this.#believes(key)) continue
        listed.add(key)
        yield key
      }
    }
  }

  /** Removes what a glob matches, now or as soon as Redis lets us. Answers the keys removed now. */
  removeMatching(pattern: string): Promise<Set<string> | undefined> {
    return this.#attempt(
      () => this.#redis.removeMatching(pattern),
      () => this.#unconfirmed.addPattern(pattern),
    )
  }

  #believes(key: string): boolean {
    return !this.#unconfirmed.has(key)
  }

  async #change<T>(write: Ticket, send: () => Promise<T>): Promise<T | undefined> {
    const answer = await this.#attempt(send, () => this.#unconfirmed.addKey(write.key))
    if (answer !== undefined && !write.overtaken) this.#unconfirmed.confirm(write.key)
    return answer
  }

  async #dropCorrupt(key: string, bytes: Buffer): Promise<void> {
    this.#tally.corruptValue()
    this.#events.emit('corrupt_value', key)
    await this.#attempt(() => this.#redis.removeCorrupt(key, bytes))
  }

  /** @param remember - for changes: notes what must be deleted before Redis is believed about it */
  async #attempt<T>(work: () => Promise<T>, remember?: () => void): Promise<T | undefined> {
    try {
      return await work()
    } catch (error) {
      if (remember !== undefined) {
        remember()
        void this.#unconfirmed.settle()
      }
      if (!(error instanceof InfrastructureError)) throw error
      this.#tally.error(error)
      this.#events.emit('backend_error', error)
      if (this.#throwsBackendErrors) throw error
      return undefined
    }
  }
}
