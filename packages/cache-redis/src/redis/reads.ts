import { InfrastructureError } from '@verbatim/cache-core'
import { ignoreRejection, isPromiseLike } from '@verbatim/cache-core/implement'
import { classify, type EncryptionReason, readRevision } from '../codec/stored-line.js'
import type { RedisClient } from '../connection/clients.js'
import { groupBySlot } from '../connection/cluster-slots.js'
import { errorForCaller, malformedReply } from '../connection/connection-errors.js'
import { chain, type MaybePromise } from '../maybe-promise.js'
import type { KeyMetadata } from './metadata.js'
import type { LeaseReply, LoadLease, NamedPlace } from './scripts/key-commands.js'
import { extraTimeFor, PAGE, type StoreParts } from './store-parts.js'
import type { StoredValue, StoredValues, UnreadableBytes } from './stored-value.js'

/**
 * The outcome of a read: a value, which may be stale or void; no value; or `'unavailable'` when Redis
 * could not be asked, or an invalidation of the key is pending.
 */
export type ReadOutcome = StoredValue | 'absent' | 'unavailable'

/** The outcome of a read before a load. Nothing may be stored under a `'foreign'` key. */
export type LeaseOutcome = ReadOutcome | (LoadLease & RevisionAndGeneration) | 'foreign'

/** The revision under a key, and the generation at that time. */
interface RevisionAndGeneration {
  readonly revision: string
  readonly generation: string
}

/** The value or the lease that a key holds. */
export interface EntryState extends RevisionAndGeneration {
  readonly kind: 'value' | 'lease'
}

/**
 * Reads keys from Redis. Reads change nothing there, except that they remove damaged values of this cache.
 * Keys with a pending invalidation are not read.
 */
export class RedisReads {
  readonly #parts: StoreParts
  readonly #metadata: KeyMetadata
  readonly #values: StoredValues

  constructor(parts: StoreParts, metadata: KeyMetadata, values: StoredValues) {
    this.#parts = parts
    this.#metadata = metadata
    this.#values = values
  }

  async read(key: string): Promise<ReadOutcome> {
    const { keyspace, pending, generations, readBatch } = this.#parts
    if (!pending.isTrusted(key)) return 'unavailable'
    const named = keyspace.named(key)
    const { name } = named
    try {
      const sent = readBatch.get(name)
      // Asked for after the value, so the generation is not older than the value.
      const generation = awaitedLater(generations.current(name))
      const opened = this.#open(named, await sent)
      const found = isPromiseLike(opened) ? await opened : opened
      if (typeof found === 'string') return found === 'foreign' ? 'absent' : found
      const current = typeof generation === 'string' ? generation : await generation
      if (found.generation !== undefined && found.generation !== current) {
        return voided(found, current)
      }
      // Most values have no tags, so Redis is asked nothing more about them.
      return found.tags.length === 0 ? found : await this.#unlessInvalidated(found)
    } catch (error) {
      return this.#failed(key, error)
    }
  }

  /** Reads several keys, a page at a time. In a Cluster, a master that fails affects only its own keys. */
  async readMany(keys: readonly string[]): Promise<ReadOutcome[]> {
    const { client, keyspace, pending } = this.#parts
    const outcomes: ReadOutcome[] = keys.map(() => 'unavailable')
    const trusted = [...keys.keys()].filter((index) => pending.isTrusted(keys[index] as string))
    const names = trusted.map((index) => keyspace.nameOf(keys[index] as string))
    await Promise.all(
      groupBySlot(client, names, PAGE).map(async (group) => {
        const indices = group.map((position) => trusted[position] as number)
        const found = await this.#readGroup(indices.map((index) => keys[index] as string))
        for (const [position, index] of indices.entries()) {
          outcomes[index] = found[position] ?? 'unavailable'
        }
      }),
    )
    return outcomes
  }

  async #readGroup(keys: readonly string[]): Promise<ReadOutcome[]> {
    const { run, errors, generations, keyspace, tags } = this.#parts
    const named = keys.map((key) => keyspace.named(key))
    const names = named.map(({ name }) => name)
    const [first = ''] = names
    try {
      const sent = run((client) => client.mgetBuffer(...names), first, extraTimeFor(keys.length))
      const [replies, generation] = await Promise.all([sent, generations.current(first)])
      if (!Array.isArray(replies) || replies.length !== keys.length) {
        throw malformedReply('it must be a list of values')
      }
      const opened = await Promise.all(
        named.map(async (each, index) => this.#open(each, replies[index] ?? null)),
      )
      const found = opened.map((each) => (each === 'foreign' ? 'absent' : each))
      const valid = await tags.areValid(found.map((each) => (each === 'absent' ? [] : each.tags)))
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

  /** Reads a key that is loaded if it has no value. Redis leases the load to this process or to another. */
  async readOrLease(key: string): Promise<LeaseOutcome> {
    const { keyspace, pending, errors, masters, generations, revisions, run } = this.#parts
    if (!pending.isTrusted(key)) return 'unavailable'
    const named = keyspace.named(key)
    const { name } = named
    try {
      const sent = run((client): Promise<LeaseReply> => {
        const { clock, commands } = masters.of(name)
        const revision = revisions.next()
        return chain(clock.read(), (now) => commands.readOrLease(client, named, revision, now))
      }, name)
      const generation = awaitedLater(generations.current(name))
      const reply = await sent
      if (reply !== null && 'refusal' in reply) {
        errors.foundNothing()
        const error = errorForCaller(reply.refusal)
        if (error instanceof InfrastructureError) errors.record(error)
        return 'absent'
      }
      if (reply !== null && 'leasedMs' in reply) {
        errors.foundNothing()
        return { ...reply, generation: await generation }
      }
      const found = await this.#open(named, reply)
      if (typeof found === 'string') return found
      const current = await generation
      if (found.generation !== undefined && found.generation !== current) {
        return voided(found, current)
      }
      return found.tags.length === 0 ? found : await this.#unlessInvalidated(found)
    } catch (error) {
      const outcome = this.#failed(key, error)
      // It is absent only for a wrong type, which is foreign.
      return outcome === 'absent' ? 'foreign' : outcome
    }
  }

  /**
   * Returns the state of a key whose value must not be served or whose lease was refused.
   *
   * @returns `'absent'` if the key holds no entry of this cache; `undefined` if Redis is unavailable
   */
  async stateOf(key: string): Promise<EntryState | 'absent' | undefined> {
    const { generations, keyspace, run } = this.#parts
    const { name, place } = keyspace.named(key)
    try {
      const sent = run((client) => client.getBuffer(name), name)
      const generation = awaitedLater(generations.current(name))
      const bytes = await sent
      if (!Buffer.isBuffer(bytes)) return 'absent'
      const kind = classify(place, bytes)
      if (kind !== 'value' && kind !== 'lease') return 'absent'
      return { kind, revision: readRevision(bytes), generation: await generation }
    } catch {
      return undefined
    }
  }

  /** Returns the rest of a value's TTL in milliseconds; `'absent'` for a stale value too. */
  async freshMs(key: string): Promise<number | 'absent' | 'unavailable'> {
    const { pending, errors } = this.#parts
    if (!pending.isTrusted(key)) return 'unavailable'
    try {
      const found = await this.#metadata.peek([key])
      const [fresh] = await this.#metadata.freshAmong([key], found)
      return fresh === undefined ? 'absent' : (found[0]?.freshMs ?? 'absent')
    } catch (error) {
      return errors.handle(error)
    }
  }

  /** Decodes the bytes under a key. Foreign bytes stay in Redis, and so do bytes that no thread decoded. */
  #open(named: NamedPlace, bytes: Buffer | null): MaybePromise<StoredValue | 'absent' | 'foreign'> {
    const { errors } = this.#parts
    if (bytes === null) {
      errors.foundNothing()
      return 'absent'
    }
    if (!Buffer.isBuffer(bytes)) throw malformedReply('it must be a value')
    return chain(
      this.#values.open(named, bytes),
      (found): MaybePromise<StoredValue | 'absent' | 'foreign'> => {
        if (found !== undefined && !('reason' in found)) return found
        errors.foundNothing()
        return found === undefined ? 'absent' : this.#unreadable(named, found)
      },
    )
  }

  #unreadable(
    named: NamedPlace,
    { reason, bytes }: UnreadableBytes,
  ): StoredValue | 'absent' | 'foreign' {
    const { errors, keyspace, readOnly } = this.#parts
    const key = keyspace.keyOf(named.name) ?? ''
    if (reason !== 'damaged') {
      const kind = classify(named.place, bytes)
      // Another process has leased the load of the key.
      if (kind === 'lease') return 'absent'
      errors.foundForeign(key, reason)
      return kind === 'value' && REPLACEABLE.has(reason) ? replaceable(bytes) : 'foreign'
    }
    errors.foundDamaged(key)
    if (!readOnly) void this.#removeDamaged(named.name, bytes)
    return 'absent'
  }

  /** Removes a damaged value in the background. If that fails, the next read of the key tries again. */
  async #removeDamaged(name: string, bytes: Buffer): Promise<void> {
    const { run, masters } = this.#parts
    const remove = (client: RedisClient): Promise<unknown> =>
      masters.of(name).commands.removeIfUnchanged(client, name, bytes)
    await run(remove, name).catch(() => undefined)
  }

  async #unlessInvalidated(stored: StoredValue): Promise<StoredValue> {
    const [isValid] = await this.#parts.tags.areValid([stored.tags])
    return isValid ? stored : voided(stored, stored.generation)
  }

  #failed(key: string, error: unknown): 'absent' | 'unavailable' {
    const { errors } = this.#parts
    if (!isWrongType(error)) return errors.handle(error)
    errors.foundNothing()
    errors.foundForeign(key, 'wrong_type')
    return 'absent'
  }
}

/** Keeps the rejection of a promise from counting as unhandled until it is awaited. */
function awaitedLater<T>(later: MaybePromise<T>): MaybePromise<T> {
  ignoreRejection(later)
  return later
}

/** Reasons for which a loaded value replaces a value: this process encrypts, and never serves such a value. */
const REPLACEABLE: ReadonlySet<string> = new Set<EncryptionReason>([
  'unencrypted',
  'unknown_key',
  'not_authentic',
])

/** Returns a void value. Only its revision counts. */
function replaceable(bytes: Buffer): StoredValue {
  return {
    ...{ value: undefined, freshMs: -1, graceMs: 0, loadMs: 0, tags: [], isVoid: true },
    ...{ revision: readRevision(bytes), generation: '' },
  }
}

function isWrongType(error: unknown): boolean {
  return error instanceof InfrastructureError && error.context['reply'] === 'WRONGTYPE'
}

/** @param generation - the current one */
function voided(stored: StoredValue, generation: string | undefined): StoredValue {
  return { ...stored, generation, isVoid: true }
}
