import { escapeGlob, type InspectedEntry } from '@verbatim/cache-core'
import { compileGlob } from '@verbatim/cache-core/implement'
import type { Redis } from 'ioredis'
import {
  codecFailed,
  FOREIGN_KINDS,
  type ForeignKind,
  foreignKey,
  unreadable,
} from '../codec/codec-errors.js'
import { classify } from '../codec/stored-line.js'
import { groupBySlot } from '../connection/cluster-slots.js'
import { malformedReply } from '../connection/connection-errors.js'
import type { RunCommands } from '../connection/redis-connection.js'
import type { Keyspace } from './keyspace.js'
import type { KeyMetadata } from './metadata.js'
import type { NamedPlace } from './scripts/key-commands.js'
import { startOf } from './scripts/plain-commands.js'
import { PAGE, type StoreParts } from './store-parts.js'
import type { StoredValues } from './stored-value.js'

/** Stands for bytes that are not UTF-8. */
const REPLACEMENT_CHARACTER = '\uFFFD'

/** The keys of a page that were not listed before. */
interface ListedPage {
  /** Keys with a fresh value. */
  readonly fresh: readonly string[]
  /** Keys without the head of a value of this cache, if they were asked for. */
  readonly others: readonly string[]
}

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

/** Lists the keys of all masters that a glob matches, page by page. A page may repeat keys of another one. */
export async function* scanStore(
  { allMasters, run, keyspace }: StoreParts,
  pattern: string,
): AsyncIterable<string[]> {
  // `run` connects first, and fails if not all masters are available.
  for (const master of await run(async () => allMasters())) {
    yield* scanKeys({ run, master, keyspace }, pattern)
  }
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
    for await (const { fresh } of this.#pages(pattern)) {
      // The caller may have deleted a key of this page since.
      for (const key of fresh) if (pending.isTrusted(key)) yield key
    }
  }

  /**
   * Reads the fresh values of the keys that a glob matches, and names those that cannot be read.
   *
   * @param includeForeign - whether to name the keys that are not entries of this cache, too
   */
  async *inspect(pattern: string, includeForeign: boolean): AsyncIterable<InspectedEntry> {
    const options = { maxBytes: Number.MAX_SAFE_INTEGER, includeForeign }
    for await (const { fresh, others } of this.#pages(pattern, options)) {
      yield* await this.#inspectAll(fresh)
      yield* await this.#inspectOthers(others)
    }
  }

  /**
   * @param maxBytes - larger values are left out. Default: what this process can read
   * @param includeForeign - whether pages have `others`
   */
  async *#pages(
    pattern: string,
    { maxBytes, includeForeign = false }: { maxBytes?: number; includeForeign?: boolean } = {},
  ): AsyncIterable<ListedPage> {
    const { pending } = this.#parts
    const listed = new Set<string>()
    const isNew = (key: string): boolean => !listed.has(key) && pending.isTrusted(key)
    for await (const page of scanStore(this.#parts, pattern)) {
      const found = await this.#metadata.peek(page, maxBytes)
      const fresh = [...new Set(await this.#metadata.freshAmong(page, found))].filter(isNew)
      const headless = includeForeign ? page.filter((_key, index) => !found[index]) : []
      const others = [...new Set(headless)].filter(isNew)
      for (const key of [...fresh, ...others]) listed.add(key)
      yield { fresh, others }
    }
  }

  /** Reads keys without a valid head: names what is foreign, and reads what is damaged or new. */
  async #inspectOthers(keys: readonly string[]): Promise<InspectedEntry[]> {
    const kinds = await Promise.all(keys.map((key) => this.#kindOf(key)))
    const ours = keys.filter((_key, index) => kinds[index] === 'value' || kinds[index] === 'python')
    const entries = await this.#inspectAll(ours)
    for (const [index, key] of keys.entries()) {
      const kind = kinds[index]
      if (isForeign(kind)) entries.push({ key, error: foreignKey(kind) })
    }
    return entries
  }

  /** @returns `undefined` if the key is gone */
  #kindOf(key: string): Promise<ReturnType<typeof classify> | ForeignKind | undefined> {
    const { keyspace, run } = this.#parts
    const { name, place } = keyspace.named(key)
    return run(async (on) => {
      const [first, count] = await Promise.all([startOf(on, name), on.exists(name)])
      // The listing decodes names, and a name that is not UTF-8 cannot be asked for.
      if (count === 0) return name.includes(REPLACEMENT_CHARACTER) ? 'other_name' : undefined
      // No bytes: an empty text, or a key that was written between both commands.
      const start = first?.length === 0 ? await startOf(on, name) : first
      return start === undefined ? 'wrong_type' : classify(place, start)
    }, name)
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

function isForeign(kind: string | undefined): kind is ForeignKind {
  return kind !== undefined && kind in FOREIGN_KINDS
}
