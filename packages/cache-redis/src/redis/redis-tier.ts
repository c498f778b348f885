import { createHash } from 'node:crypto'
import { compileGlob, escapeGlob } from '@verbatim/cache-core'
import type { Cluster, Redis } from 'ioredis'
import { HEADER_LENGTH, readFreshness } from '../codec/envelope.js'
import type { Decoded, ValueCodec } from '../codec/value-codec.js'
import type { RedisClient } from '../connection/redis-client.js'
import type { RunCommands } from '../connection/redis-connection.js'
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

/** Reads of each value only what tells whether it is fresh. */
const PEEK = new Script(`
local found = {}
for index, key in ipairs(KEYS) do
  local header = redis.call('GETRANGE', key, 0, ${HEADER_LENGTH - 1})
  found[index] = header ~= '' and {header, redis.call('PTTL', key)}
end
return found`)

/** The same, and removes the keys. */
const REMOVE = new Script(`
local found = {}
for index, key in ipairs(KEYS) do
  local header = redis.call('GETRANGE', key, 0, ${HEADER_LENGTH - 1})
  found[index] = header ~= '' and {header, redis.call('PTTL', key)}
  redis.call('UNLINK', key)
end
return found`)

/** Removes a key if it still holds the bytes with this digest. */
const REMOVE_IF_UNCHANGED = new Script(`
local bytes = redis.call('GET', KEYS[1])
if bytes and redis.sha1hex(bytes) == ARGV[1] then return redis.call('UNLINK', KEYS[1]) end
return 0`)

/** A client may have been told to answer numbers as text. */
type RedisNumber = number | string

/** A value as Redis holds it. */
export interface StoredValue extends Decoded {
  /** What is left of its life; negative while only its grace is; `Infinity` when it never expires. */
  readonly freshMs: number
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
    const reply = await this.#run((client) => READ.run(client, [this.#prefix + key]))
    if (reply === null) return null
    const [bytes, remaining] = reply as [Buffer, RedisNumber]
    try {
      const decoded = await this.#codec.decode(key, bytes)
      return { ...decoded, freshMs: toLife(remaining) - decoded.graceMs }
    } catch {
      return { corrupt: bytes }
    }
  }

  /** @param holdMs - its life and grace together; `Infinity` for ever */
  async write(key: string, bytes: Buffer, holdMs: number): Promise<void> {
    const full = this.#prefix + key
    await this.#run((client) =>
      holdMs === Number.POSITIVE_INFINITY
        ? client.set(full, bytes)
        : client.set(full, bytes, 'PX', holdMs),
    )
  }

  /** Answers whether it was there and fresh. */
  async remove(key: string): Promise<boolean> {
    return isFresh((await this.#onEach(REMOVE, [key]))[0])
  }

  async removeCorrupt(key: string, bytes: Buffer): Promise<void> {
    const digest = createHash('sha1').update(bytes).digest('hex')
    await this.#run((client) => REMOVE_IF_UNCHANGED.run(client, [this.#prefix + key], [digest]))
  }

  /** What is left of a key's life: `Infinity` when it never expires, `undefined` when it is over. */
  async freshMs(key: string): Promise<number | undefined> {
    const [found] = await this.#onEach(PEEK, [key])
    return isFresh(found) ? freshMsOf(found) : undefined
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

  /** Those keys that are there and fresh. */
  async freshAmong(keys: readonly string[]): Promise<string[]> {
    const found = await this.#onEach(PEEK, keys)
    return keys.filter((_key, index) => isFresh(found[index]))
  }

  /** Removes what a glob matches. Returns the keys that were there and fresh. */
  async removeMatching(pattern: string): Promise<Set<string>> {
    const removed = new Set<string>()
    for await (const page of this.pages(pattern)) {
      for (const key of await this.removeAll(page)) removed.add(key)
    }
    return removed
  }

  /** Removes keys. Returns those that were there and fresh. */
  async removeAll(keys: readonly string[]): Promise<string[]> {
    const removed: string[] = []
    for (let start = 0; start < keys.length; start += PAGE) {
      const page = keys.slice(start, start + PAGE)
      const found = await this.#onEach(REMOVE, page)
      removed.push(...page.filter((_key, index) => isFresh(found[index])))
    }
    return removed
  }

  /** Runs {@link PEEK} or {@link REMOVE} on keys; answers for each what was found, in their order. */
  async #onEach(script: Script, keys: readonly string[]): Promise<(Peeked | null)[]> {
    const full = keys.map((key) => this.#prefix + key)
    if (full.length === 0) return []
    const replies = await this.#run(
      async (client): Promise<unknown> =>
        // The keys of one command must live on one node; in a cluster each goes by itself.
        client.isCluster
          ? (await Promise.all(full.map((key) => script.run(client, [key])))).flat()
          : script.run(client, full),
    )
    return replies as (Peeked | null)[]
  }

  /** The literal head of a pattern, for Redis to narrow the search by. */
  #coarse(pattern: string): string {
    const head = /^[^*?[\\]*/.exec(pattern)?.[0] ?? ''
    return `${escapeGlob(this.#prefix + head)}*`
  }
}

/** What {@link PEEK} answers for a key that is there. */
type Peeked = readonly [header: Buffer, left: RedisNumber]

function freshMsOf([header, left]: Peeked): number {
  return toLife(left) - readFreshness(header).graceMs
}

function isFresh(found: Peeked | null | undefined): found is Peeked {
  return found !== null && found !== undefined && freshMsOf(found) >= 0
}

/** Redis says -1 for what never expires. */
function toLife(pttl: RedisNumber): number {
  return Number(pttl) < 0 ? Number.POSITIVE_INFINITY : Number(pttl)
}

function masters(client: RedisClient): Redis[] {
  return client.isCluster ? (client as Cluster).nodes('master') : [client as Redis]
}
