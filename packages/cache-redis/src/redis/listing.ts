import { escapeGlob, type InspectedEntry } from '@verbatim/cache-core'
import { compileGlob } from '@verbatim/cache-core/implement'
import type { Redis } from 'ioredis'
import { codecFailed, unreadable } from '../codec/codec-errors.js'
import { groupBySlot } from '../connection/cluster-slots.js'
import { malformedReply } from '../connection/connection-errors.js'
import type { RunCommands } from '../connection/redis-connection.js'
import type { Keyspace } from './keyspace.js'
import type { KeyMetadata } from './metadata.js'
import type { NamedPlace } from './scripts/key-commands.js'
import { PAGE, type StoreParts } from './store-parts.js'
import type { StoredValues } from './stored-value.js'

interface ScanOptions {
  readonly run: RunCommands
  readonly master: Redis
  readonly keyspace: Keyspace
}

/** Lists the keys of one server that a glob matches, page by page. Redis may list a key twice. */
export async function* scanKeys(
  { run, master, keyspace }: ScanOptions,
  pattern: string,
): AsyncIterable<string[]> {
  const matches = compileGlob(pattern)
  // Redis narrows the search by the literal start of the pattern.
  const start = /^[^*?[\\]*/.exec(pattern)?.[0] ?? ''
  const coarse = `${escapeGlob(keyspace.nameOf(start))}*`
  let cursor = '0'
  do {
    const reply = await run(() => master.scan(cursor, 'MATCH', coarse, 'COUNT', PAGE), master)
    const [next, page] = reply
    if (!/^\d+$/.test(next) || !Array.isArray(page))
      throw malformedReply('it must be a page of keys')
    cursor = next
    // Redis matches bytes and this cache matches characters, so the keys are matched again.
    yield page
      .map((name) => keyspace.keyOf(name))
      .filter((key): key is string => key !== undefined && matches(key))
  } while (cursor !== '0')
}

/**
 * Lists the keys and reads the values of a whole store. Sends no command that writes.
 *
 * @throws InfrastructureError whatever the error policy: half a list would look like a whole one
 */
export class Listing {
  readonly #parts: StoreParts
  readonly #metadata: KeyMetadata
  readonly #values: StoredValues

  constructor(parts: StoreParts, metadata: KeyMetadata, values: StoredValues) {
    this.#parts = parts
    this.#metadata = metadata
    this.#values = values
  }

  /** Lists the keys with a fresh value that a glob matches, each once. */
  async *keys(pattern: string): AsyncIterable<string> {
    const { pending } = this.#parts
    for await (const page of this.#freshPages(pattern)) {
      // The caller may have deleted a key of this page since.
      for (const key of page) if (pending.isTrusted(key)) yield key
    }
  }

  /** Reads the fresh values of the keys that a glob matches, and names those that cannot be read. */
  async *inspect(pattern: string): AsyncIterable<InspectedEntry> {
    for await (const page of this.#freshPages(pattern, Number.MAX_SAFE_INTEGER)) {
      yield* await this.#inspectAll(page)
    }
  }

  /** @param maxBytes - larger values are left out. Default: what this process can read */
  async *#freshPages(pattern: string, maxBytes?: number): AsyncIterable<string[]> {
    const { allMasters, run, keyspace, pending } = this.#parts
    const listed = new Set<string>()
    // `run` connects first, and fails if not all masters are available.
    for (const master of await run(async () => allMasters())) {
      for await (const page of scanKeys({ run, master, keyspace }, pattern)) {
        const found = await this.#metadata.peek(page, maxBytes)
        const fresh = await this.#metadata.freshAmong(page, found)
        const keys = fresh.filter((key) => !listed.has(key) && pending.isTrusted(key))
        for (const key of keys) listed.add(key)
        yield [...new Set(keys)]
      }
    }
  }

  async #inspectAll(keys: readonly string[]): Promise<InspectedEntry[]> {
    const { client, keyspace, run } = this.#parts
    const all = keys.map((key) => keyspace.named(key))
    const names = all.map(({ name }) => name)
    const entries: InspectedEntry[] = []
    for (const group of groupBySlot(client, names, PAGE)) {
      const groupNames = group.map((index) => names[index] as string)
      const replies = await run((on) => on.mgetBuffer(...groupNames), groupNames[0])
      if (!Array.isArray(replies) || replies.length !== group.length) {
        throw malformedReply('it must be a list of values')
      }
      for (const [position, index] of group.entries()) {
        const bytes = replies[position]
        if (!bytes) continue
        const entry = await this.#inspectOne(keys[index] as string, all[index] as NamedPlace, bytes)
        if (entry !== undefined) entries.push(entry)
      }
    }
    return entries
  }

  async #inspectOne(
    key: string,
    named: NamedPlace,
    bytes: Buffer,
  ): Promise<InspectedEntry | undefined> {
    const opened = await this.#values.open(named, bytes)
    if (opened === undefined) return { key, error: codecFailed('no thread was free') }
    if ('reason' in opened) return { key, error: unreadable(opened.reason) }
    const { freshMs, value } = opened
    if (freshMs < 0) return undefined
    return { key, value, ttl: freshMs === Number.POSITIVE_INFINITY ? null : freshMs / 1_000 }
  }
}
