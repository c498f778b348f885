import { createHash } from 'node:crypto'
import { compileGlob, escapeGlob } from '@verbatim/cache-core'
import type { Cluster, Redis } from 'ioredis'
import type { ValueCodec } from './codec/value-codec.js'
import type { RedisClient } from './redis-client.js'
import type { RunCommands } from './redis-connection.js'
import { Script } from './script.js'

/** Keys asked for in one step of SCAN, and removed in one UNLINK. */
const PAGE = 500

/**
 * Reads a value with what is left of its life. Not a transaction: Redis refuses to queue even reads
 * for one when it is out of memory.
 */
const READ = new Script(`
local bytes = redis.call('GET', KEYS[1])
if not bytes then return false end
return {bytes, redis.call('PTTL', KEYS[1])}`)

/** Removes a key if it still holds the bytes with this digest. */
const REMOVE_IF_UNCHANGED = new Script(`
local bytes = redis.call('GET', KEYS[1])
if bytes and redis.sha1hex(bytes) == ARGV[1] then return redis.call('UNLINK', KEYS[1]) end
return 0`)

/** A client may have been told to answer numbers as text. */
type RedisNumber = number | string

/** A value as Redis holds it. */
export interface StoredValue {
  readonly value: unknown
  /** What is left of its life; `Infinity` when it never expires. */
  readonly remainingMs: number
}

/** Bytes under a key that are no value of ours, or not intact. */
export interface CorruptValue {
  readonly corrupt: Buffer
}

/** The commands of this cache, all on keys under its prefix. Callers speak of keys without it. */
export class RedisTier {
  readonly #run: RunCommands
  readonly #codec: ValueCodec
  readonly #prefix: string

  constructor(run: RunCommands, codec: ValueCodec, prefix: string) {
    this.#run = run
    this.#codec = codec
    this.#prefix = prefix
  }

  /** Answers `null` when there is none. */
  async read(key: string): Promise<StoredValue | CorruptValue | null> {
    const reply = await this.#run((client) => READ.run(client, this.#prefix + key))
    if (reply === null) return null
    const [bytes, remaining] = reply as [Buffer, RedisNumber]
    try {
      const value = await this.#codec.decode(key, bytes)
      return { value, remainingMs: toLife(remaining) }
    } catch {
      return { corrupt: bytes }
    }
  }

  async write(key: string, bytes: Buffer, lifeMs: number): Promise<void> {
    const full = this.#prefix + key
    await this.#run((client) =>
      lifeMs === Number.POSITIVE_INFINITY
        ? client.set(full, bytes)
        : client.set(full, bytes, 'PX', lifeMs),
    )
  }

  async remove(key: string): Promise<boolean> {
    return (await this.#run((client) => client.unlink(this.#prefix + key))) > 0
  }

  async removeCorrupt(key: string, bytes: Buffer): Promise<void> {
    const digest = createHash('sha1').update(bytes).digest('hex')
    await this.#run((client) => REMOVE_IF_UNCHANGED.run(client, this.#prefix + key, digest))
  }

  async has(key: string): Promise<boolean> {
    return (await this.#run((client) => client.exists(this.#prefix + key))) > 0
  }

  /** What is left of a key's life: `Infinity` when it never expires, `undefined` when it is absent. */
  async remainingMs(key: string): Promise<number | undefined> {
    const reply = (await this.#run((client) => client.pttl(this.#prefix + key))) as RedisNumber
    return Number(reply) === -2 ? undefined : toLife(reply)
  }

  /** Lists keys page by page. Redis may list a key twice. */
  async *pages(pattern: string): AsyncIterable<string[]> {
    const matches = compileGlob(pattern)
    for (const node of await this.#run(async (client) => masters(client))) {
      let cursor = '0'
      do {
        const [next, page] = await this.#run(() =>
          node.scan(cursor, 'MATCH', this.#coarse(pattern), 'COUNT', PAGE),
        )
        cursor = next
        // Redis matches bytes and we match characters, so ours has the last word.
        yield page
          .filter((full) => full.startsWith(this.#prefix))
          .map((full) => full.slice(this.#prefix.length))
          .filter(matches)
      } while (cursor !== '0')
    }
  }

  /** Removes what a glob matches. Returns the keys that were there. */
  async removeMatching(pattern: string): Promise<Set<string>> {
    const removed = new Set<string>()
    for await (const page of this.pages(pattern)) {
      await this.removeAll(page)
      for (const key of page) removed.add(key)
    }
    return removed
  }

  async removeAll(keys: readonly string[]): Promise<void> {
    for (let start = 0; start < keys.length; start += PAGE) {
      const full = keys.slice(start, start + PAGE).map((key) => this.#prefix + key)
      // The keys of one command must live on one node; in a cluster each goes by itself.
      await this.#run(
        (client): Promise<unknown> =>
          client.isCluster
            ? Promise.all(full.map((key) => client.unlink(key)))
            : client.unlink(...full),
      )
    }
  }

  /** The literal head of a pattern, for Redis to narrow the search by. */
  #coarse(pattern: string): string {
    const head = /^[^*?[\\]*/.exec(pattern)?.[0] ?? ''
    return `${escapeGlob(this.#prefix + head)}*`
  }
}

/** Redis says -1 for what never expires. */
function toLife(pttl: RedisNumber): number {
  return Number(pttl) < 0 ? Number.POSITIVE_INFINITY : Number(pttl)
}

function masters(client: RedisClient): Redis[] {
  return client.isCluster ? (client as Cluster).nodes('master') : [client as Redis]
}
