import { InfrastructureError } from '@verbatim/cache-core'
import { ignoreRejection, isPromiseLike } from '@verbatim/cache-core/implement'
import type { Redis } from 'ioredis'
import { classify, readHead, readRevision, type TagVersion } from '../codec/stored-line.js'
import type { ValueCodec } from '../codec/value-codec.js'
import { errorForCaller, malformedReply } from '../connection/connection-errors.js'
import type { RedisClient } from '../connection/redis-client.js'
import type { RunCommands } from '../connection/redis-connection.js'
import { follow, type NowOrLater } from '../now-or-later.js'
import type { Tally } from '../tally.js'
import type { ErrorPolicy } from './error-policy.js'
import type { Generations } from './generations.js'
import { scanKeys } from './key-scan.js'
import type { Keyspace } from './keyspace.js'
import type { KnownMasters } from './known-masters.js'
import type { PendingInvalidations } from './pending-invalidations.js'
import { groupBySlot } from './placement.js'
import type {
  HeadReply,
  KeyPrograms,
  LeaseReply,
  LoadLease,
  NamedPlace,
  RedisNumber,
} from './programs/key-programs.js'
import type { Revisions } from './revisions.js'
import { type StoredValue, StoredValues, type UnreadableBytes } from './stored-value.js'
import type { TagVersions } from './tag-versions.js'

/** The most keys named in one command. */
export const PAGE = 500
/** Time that each key of a batch adds to that of its command, in milliseconds. */
const MS_PER_KEY = 1

/**
 * What a read found: a value, fresh, stale or void; nothing; or nothing because Redis was no use, or
 * must not be trusted about this key.
 */
export type ReadOutcome = StoredValue | 'absent' | 'unavailable'

/** The same for a key that is to be loaded. Under a `'foreign'` one nothing may be stored. */
export type LeaseOutcome = ReadOutcome | (LoadLease & KeyState) | 'foreign'

/** What a key holds, and the generation at that time. */
export interface KeyState {
  readonly revision: string
  readonly generation: string
}

/** What can be told of a value without reading its body. */
export interface Metadata {
  /** As in {@link StoredValue}. */
  readonly freshMs: number
  readonly generation: string | undefined
  readonly tags: readonly TagVersion[]
}

export interface StoreParts {
  readonly client: RedisClient
  readonly run: RunCommands
  readonly masters: () => readonly Redis[]
  readonly codec: ValueCodec
  readonly keyspace: Keyspace
  readonly known: KnownMasters
  readonly generations: Generations
  readonly tags: TagVersions
  readonly pending: PendingInvalidations
  readonly errors: ErrorPolicy
  readonly revisions: Revisions
  readonly tally: Tally
  /** The longest that a command may take, in milliseconds. */
  readonly commandTimeoutMs: number
  /** Whether this process may change nothing. */
  readonly readOnly: boolean
}

/**
 * Reads of Redis. They change nothing there, but for damaged values of this cache, which are removed.
 *
 * Keys with a pending invalidation are not read.
 */
export class RedisReads {
  readonly #parts: StoreParts
  readonly #values: StoredValues

  constructor(parts: StoreParts) {
    this.#parts = parts
    const { codec, tally, known, run } = parts
    this.#values = new StoredValues({
      ...{ codec, tally },
      clockOf: (name) => known.of(name).clock.look(),
      ttlOf: async (name) => toTtl(await run((client) => client.pttl(name), name)),
    })
  }

  async read(key: string): Promise<ReadOutcome> {
    const { pending, generations, run } = this.#parts
    if (!pending.isTrusted(key)) return 'unavailable'
    const named = this.#named(key)
    const { name } = named
    try {
      const sent = run((client) => client.getBuffer(name), name)
      // Sent in the same turn, after the read: a value is void if its generation is, however it races.
      const generation = settledLater(generations.current(name))
      const opened = this.#opened(named, await sent)
      const found = isPromiseLike(opened) ? await opened : opened
      if (typeof found === 'string') return found === 'foreign' ? 'absent' : found
      const current = typeof generation === 'string' ? generation : await generation
      if (found.generation !== undefined && found.generation !== current)
        return voided(found, current)
      // Most values have no tags, and nothing more has to be asked about them.
      return found.tags.length === 0 ? found : await this.#unlessInvalidated(found)
    } catch (error) {
      return this.#failed(key, error)
    }
  }

  /** Reads several keys, a page at a time. In a Cluster, a master that fails fails its own keys alone. */
  async readMany(keys: readonly string[]): Promise<ReadOutcome[]> {
    const { client, keyspace, pending } = this.#parts
    const outcomes: ReadOutcome[] = keys.map(() => 'unavailable')
    const asked = [...keys.keys()].filter((index) => pending.isTrusted(keys[index] as string))
    const names = asked.map((index) => keyspace.nameOf(keys[index] as string))
    await Promise.all(
      groupBySlot(client, names, PAGE).map(async (group) => {
        const places = group.map((place) => asked[place] as number)
        const found = await this.#readGroup(places.map((index) => keys[index] as string))
        for (const [place, index] of places.entries()) {
          outcomes[index] = found[place] ?? 'unavailable'
        }
      }),
    )
    return outcomes
  }

  /** Reads a key that is going to be loaded if it has no value. */
  async readOrLease(key: string): Promise<LeaseOutcome> {
    const { pending, errors, known, generations, revisions, run } = this.#parts
    if (!pending.isTrusted(key)) return 'unavailable'
    const named = this.#named(key)
    const { name } = named
    try {
      const sent = run((client): Promise<LeaseReply> => {
        const { clock, programs } = known.of(name)
        const revision = revisions.next()
        return follow(clock.look(), (now) => programs.readOrLease(client, named, revision, now))
      }, name)
      const generation = settledLater(generations.current(name))
      const reply = await sent
      if (reply !== null && 'refusal' in reply) {
        errors.foundNothing()
        const error = errorForCaller(reply.refusal)
        if (error instanceof InfrastructureError) errors.note(error)
        return 'absent'
      }
      if (reply !== null && 'leasedMs' in reply) {
        errors.foundNothing()
        return { ...reply, generation: await generation }
      }
      const found = await this.#opened(named, reply)
      if (typeof found === 'string') return found
      const current = await generation
      if (found.generation !== undefined && found.generation !== current)
        return voided(found, current)
      return found.tags.length === 0 ? found : await this.#unlessInvalidated(found)
    } catch (error) {
      const outcome = this.#failed(key, error)
      return outcome === 'absent' ? 'foreign' : outcome
    }
  }

  /**
   * Returns the state of a key that could not be read or leased: its invalidation is pending, or Redis
   * refused the lease. Returns `'absent'` if Redis holds no entry of this cache under the key, and
   * `undefined` if Redis is unavailable.
   */
  async stateOf(key: string): Promise<KeyState | 'absent' | undefined> {
    const { generations, run } = this.#parts
    const { name, place } = this.#named(key)
    try {
      const sent = run((client) => client.getBuffer(name), name)
      const generation = settledLater(generations.current(name))
      const bytes = await sent
      if (!Buffer.isBuffer(bytes)) return 'absent'
      const kind = classify(place, bytes)
      if (kind !== 'value' && kind !== 'lease') return 'absent'
      return { revision: readRevision(bytes), generation: await generation }
    } catch {
      return undefined
    }
  }

  /** Returns what is left of a value's TTL, in milliseconds; `'absent'` also for a stale one. */
  async freshMs(key: string): Promise<number | 'absent' | 'unavailable'> {
    const { pending, errors } = this.#parts
    if (!pending.isTrusted(key)) return 'unavailable'
    try {
      const found = await this.peek([key])
      const [fresh] = await this.freshAmong([key], found)
      return fresh === undefined ? 'absent' : (found[0]?.freshMs ?? 'absent')
    } catch (error) {
      return errors.handle(error)
    }
  }

  /**
   * Lists keys, each once.
   *
   * @throws InfrastructureError whatever the error policy is: half a list would look like a whole one
   */
  async *keys(pattern: string): AsyncIterable<string> {
    const { pending, masters, run, keyspace } = this.#parts
    const listed = new Set<string>()
    // Also that all of them can be asked.
    for (const master of await run(async () => masters())) {
      for await (const page of scanKeys({ run, master, keyspace }, pattern)) {
        for (const key of await this.freshAmong(page, await this.peek(page))) {
          if (listed.has(key) || !pending.isTrusted(key)) continue
          listed.add(key)
          yield key
        }
      }
    }
  }

  /** Returns for each key what its line says; `null` where there is no value of this cache. */
  async peek(keys: readonly string[]): Promise<(Metadata | null)[]> {
    const { codec } = this.#parts
    return this.metadataOf(keys, (programs, client, named) =>
      programs.peek(client, named, codec.maxStoredBytes),
    )
  }

  /** Asks a group of keys at a time for the heads of their values. */
  async metadataOf(
    keys: readonly string[],
    ask: (
      programs: KeyPrograms,
      client: RedisClient,
      named: readonly NamedPlace[],
    ) => Promise<(HeadReply | null)[]>,
  ): Promise<(Metadata | null)[]> {
    const { client, run, known } = this.#parts
    const all = keys.map((key) => this.#named(key))
    const found: (Metadata | null)[] = []
    const names = all.map(({ name }) => name)
    await Promise.all(
      groupBySlot(client, names, PAGE).map(async (group) => {
        const named = group.map((index) => all[index] as NamedPlace)
        const first = named[0]?.name ?? ''
        const send = (on: RedisClient): Promise<(HeadReply | null)[]> =>
          ask(known.of(first).programs, on, named)
        const heads = await run(send, first, extraTimeFor(named.length))
        for (const [place, index] of group.entries()) {
          found[index] = metadata(named[place] as NamedPlace, heads[place] ?? null)
        }
      }),
    )
    return found
  }

  /** Returns those keys that have, or had, a fresh value that is not void. */
  async freshAmong(
    keys: readonly string[],
    found: readonly (Metadata | null)[],
  ): Promise<string[]> {
    const { generations, keyspace } = this.#parts
    const valid = await this.#areValid(found)
    const fresh = await Promise.all(
      keys.map(async (key, index) => {
        const each = found[index]
        if (!valid[index] || each === null || each === undefined || each.freshMs < 0) return false
        if (each.generation === undefined) return true
        return each.generation === (await generations.current(keyspace.nameOf(key)))
      }),
    )
    return keys.filter((_key, index) => fresh[index])
  }

  /** Opens the bytes of a value; `undefined` when no worker thread could decode it. */
  open(named: NamedPlace, bytes: Buffer): NowOrLater<StoredValue | UnreadableBytes | undefined> {
    return this.#values.open(named, bytes)
  }

  #named(key: string): NamedPlace {
    const { keyspace } = this.#parts
    return { name: keyspace.nameOf(key), place: keyspace.placeOf(key) }
  }

  /** What the bytes under a key are. Foreign bytes stay, and so does what cannot be decoded now. */
  #opened(named: NamedPlace, bytes: Buffer | null): NowOrLater<StoredValue | 'absent' | 'foreign'> {
    const { errors } = this.#parts
    if (bytes === null) {
      errors.foundNothing()
      return 'absent'
    }
    if (!Buffer.isBuffer(bytes)) throw malformedReply('it must be a value')
    return follow(
      this.#values.open(named, bytes),
      (found): NowOrLater<StoredValue | 'absent' | 'foreign'> => {
        if (found !== undefined && !('reason' in found)) return found
        errors.foundNothing()
        return found === undefined ? 'absent' : this.#unreadable(named, found)
      },
    )
  }

  #unreadable(named: NamedPlace, { reason, bytes }: UnreadableBytes): 'absent' | 'foreign' {
    const { errors, keyspace, readOnly } = this.#parts
    const key = keyspace.keyOf(named.name) ?? ''
    if (reason !== 'damaged') {
      // A lease of another process: there is no value yet.
      if (isLeaseOf(named, bytes)) return 'absent'
      errors.foundForeign(key, reason)
      return 'foreign'
    }
    errors.foundDamaged(key)
    if (!readOnly) void this.#removeDamaged(named.name, bytes)
    return 'absent'
  }

  /** Nobody waits for it: whoever reads the key next finds it again. */
  async #removeDamaged(name: string, bytes: Buffer): Promise<void> {
    const { run, known } = this.#parts
    const remove = (client: RedisClient): Promise<unknown> =>
      known.of(name).programs.removeIfUnchanged(client, name, bytes)
    await run(remove, name).catch(() => undefined)
  }

  async #readGroup(keys: readonly string[]): Promise<ReadOutcome[]> {
    const { run, errors, generations } = this.#parts
    const named = keys.map((key) => this.#named(key))
    const [first = ''] = named.map(({ name }) => name)
    try {
      const send = (client: RedisClient): Promise<(Buffer | null)[]> =>
        client.mgetBuffer(...named.map(({ name }) => name))
      const sent = run(send, first, extraTimeFor(keys.length))
      const current = generations.current(first)
      const [replies, generation] = await Promise.all([sent, current])
      if (!Array.isArray(replies) || replies.length !== keys.length) {
        throw malformedReply('it must be a list of values')
      }
      const opened = await Promise.all(
        named.map(async (each, index) => this.#opened(each, replies[index] ?? null)),
      )
      const found = opened.map((each) => (each === 'foreign' ? 'absent' : each))
      const valid = await this.#areValid(found.map((each) => (each === 'absent' ? null : each)))
      return found.map((each, index) => {
        if (each === 'absent') return each
        const isCurrent = each.generation === undefined || each.generation === generation
        return isCurrent && valid[index] ? each : voided(each, generation)
      })
    } catch (error) {
      errors.handle(error)
      return []
    }
  }

  async #unlessInvalidated(stored: StoredValue): Promise<StoredValue> {
    const [isValid] = await this.#areValid([stored])
    return isValid ? stored : voided(stored, stored.generation)
  }

  /** Whether the tags of each are current. */
  async #areValid(found: readonly (Pick<Metadata, 'tags'> | null)[]): Promise<boolean[]> {
    const { pending, tags } = this.#parts
    const lists = found.map((each) => each?.tags ?? [])
    // Before the versions are asked for: once a pending invalidation is confirmed, nobody knows that they
    // are from before it.
    const trusted = lists.map((list) => list.every(([tag]) => pending.isTrustedTag(tag)))
    const current = await tags.areCurrent(lists)
    return lists.map((_list, index) => trusted[index] === true && current[index] === true)
  }

  #failed(key: string, error: unknown): 'absent' | 'unavailable' {
    const { errors } = this.#parts
    if (!isWrongType(error)) return errors.handle(error)
    errors.foundNothing()
    errors.foundForeign(key, 'wrong_type')
    return 'absent'
  }
}

function metadata({ place }: NamedPlace, reply: HeadReply | null): Metadata | null {
  if (reply === null) return null
  const [bytes, left] = reply
  if (bytes.toString('latin1', 0, 5) === 'rawj:') {
    return { freshMs: toTtl(left), generation: undefined, tags: [] }
  }
  const head = readHead(place, bytes)
  if (head === undefined) return null
  return {
    freshMs: toTtl(left) - head.graceMs,
    generation: head.generation,
    tags: head.tags,
  }
}

/** A promise whose failure is somebody else's to see, until it is awaited. */
function settledLater<T>(later: NowOrLater<T>): NowOrLater<T> {
  ignoreRejection(later)
  return later
}

function isLeaseOf({ place }: NamedPlace, bytes: Buffer): boolean {
  return classify(place, bytes) === 'lease'
}

function isWrongType(error: unknown): boolean {
  return error instanceof InfrastructureError && error.context['reply'] === 'WRONGTYPE'
}

/** @param generation - the current one */
function voided(stored: StoredValue, generation: string | undefined): StoredValue {
  return { ...stored, generation, isVoid: true }
}

/** Redis says -1 for what never expires. */
function toTtl(pttl: RedisNumber): number {
  return Number(pttl) < 0 ? Number.POSITIVE_INFINITY : Number(pttl)
}

/** A command about a single key gets none: such calls run out of time in the order in which they began. */
function extraTimeFor(keys: number): { readonly extraMs: number } | undefined {
  return keys === 1 ? undefined : { extraMs: keys * MS_PER_KEY }
}
