import { InfrastructureError } from '@verbatim/cache-core'
import { type StorePlan } from '@verbatim/cache-core/implement'
import type { TagVersion } from '../codec/stored-line.js'
import type { RedisClient } from '../connection/clients.js'
import { outcomeOf } from '../connection/connection-errors.js'
import { chain, type MaybePromise } from '../maybe-promise.js'
import { ChangeInFlight, type KeyOperation } from '../operations-in-flight.js'
import type { ChangeRecorder, SentChange } from './change-recorder.js'
import type { KeyRemoval } from './key-removal.js'
import { NOTHING_STORED } from './scripts/key-commands.js'
import { LEASE_MS } from './scripts/scripts.js'
import type { StoreParts } from './store-parts.js'
import type { Encoded } from './value-commands.js'
import type { ValueSender, ValueToSend, WriteOutcome } from './value-sender.js'

export type { Encoded } from './value-commands.js'
export type { WriteOutcome } from './value-sender.js'

/** The state of a key from before a load. */
export interface ExpectedState {
  readonly revision: string
  /** Empty if it was not known. */
  readonly generation: string
  readonly tags: readonly TagVersion[]
}

/** The result of deleting keys on one node. */
export interface RemovedKeys {
  readonly keys: readonly string[]
  /** The keys that held a fresh value. */
  readonly existed: readonly string[] | 'unavailable'
}

const NO_VERSIONS: readonly TagVersion[] = []

/**
 * Writes to Redis. If Redis does not confirm a change, the key, pattern or tag is remembered, and
 * invalidated as soon as Redis is available again. Stored values carry a deadline: see {@link ValueSender}.
 */
export class RedisWrites {
  readonly #parts: StoreParts
  readonly #sender: ValueSender
  readonly #removal: KeyRemoval
  readonly #changes: ChangeRecorder

  constructor(
    parts: StoreParts,
    sender: ValueSender,
    removal: KeyRemoval,
    changes: ChangeRecorder,
  ) {
    this.#parts = parts
    this.#sender = sender
    this.#removal = removal
    this.#changes = changes
  }

  /**
   * Encodes a value as it is now.
   *
   * @throws SerializationError for a value that cannot be stored
   */
  encode(key: string, value: unknown, plan: StorePlan): MaybePromise<Encoded> {
    const { codec, keyspace, revisions } = this.#parts
    const { ttlMs, graceMs, loadMs } = plan
    const revision = revisions.next()
    const place = keyspace.placeOf(key)
    return chain(codec.encode(place, value, { graceMs, loadMs, revision }), ({ seal, length }) => {
      return { place, seal, length, revision, ttlMs, graceMs }
    })
  }

  /**
   * Checks a value without encoding it.
   *
   * @returns whether the value is certainly small enough; if not, call {@link RedisWrites.assertFits}
   * @throws SerializationError for a value that cannot be stored
   */
  assertEncodable(value: unknown): boolean {
    return this.#parts.codec.assertEncodable(value)
  }

  /**
   * Encodes a value to check that it is small enough when compressed.
   *
   * @throws SerializationError (`VALUE_TOO_LARGE`)
   */
  assertFits(value: unknown): Promise<void> {
    return this.#parts.codec.assertFits(value)
  }

  /** Stores a value over whatever the key holds. */
  async set(write: KeyOperation, encoded: Encoded, tags: readonly string[]): Promise<WriteOutcome> {
    const change: SentChange = {
      kind: 'key',
      names: [write.key],
      revisionOf: () => encoded.revision,
      isSuperseded: () => write.isSuperseded,
    }
    try {
      const versions =
        tags.length === 0 ? NO_VERSIONS : await this.#takeVersions(tags, retentionOf(encoded))
      const value = { encoded, tags: versions, expectedRevision: undefined }
      const outcome = await this.#sender.send(write, value)
      if (outcome === 'stored') this.#changes.confirmed(change)
      else this.#changes.skipped(change)
      return outcome
    } catch (error) {
      return this.#changes.failed(change, write, error)
    }
  }

  /** Stores many values over whatever their keys hold. Returns the outcome of each. */
  async setMany(
    writes: readonly KeyOperation[],
    encoded: readonly Encoded[],
    tags: readonly string[],
  ): Promise<readonly WriteOutcome[]> {
    const revisions = new Map(
      encoded.map(({ revision }, index) => [writes[index]?.key as string, revision] as const),
    )
    const [first] = encoded
    const versions =
      tags.length === 0 || !first ? NO_VERSIONS : this.#takeVersions(tags, retentionOf(first))
    const taken = Promise.resolve(versions)
    // Each node awaits it; there may be no node.
    taken.catch(() => undefined)
    const results = await this.#onEachNode(
      writes,
      async (positions) =>
        this.#sender.sendMany(
          positions.map((position) => writes[position] as KeyOperation),
          positions.map((position) => encoded[position] as Encoded),
          await taken,
        ),
      (key) => revisions.get(key),
    )
    const outcomes: WriteOutcome[] = []
    for (const { positions, result } of results) {
      for (const position of positions) outcomes[position] = result
    }
    return outcomes
  }

  /** Stores a loaded value if the key is still in the state from before the load. */
  compareAndSet(
    write: KeyOperation,
    encoded: Encoded,
    { revision, generation, tags }: ExpectedState,
  ): Promise<WriteOutcome> {
    return this.#setIf(write, { encoded, tags, expectedRevision: revision, generation })
  }

  /** Stores a value if the key holds nothing, or only an expired value of this revision. */
  async setIfAbsent(
    write: KeyOperation,
    encoded: Encoded,
    tags: readonly string[],
    expiredRevision: string | undefined,
  ): Promise<WriteOutcome> {
    try {
      const versions =
        tags.length === 0 ? NO_VERSIONS : await this.#takeVersions(tags, retentionOf(encoded))
      return await this.#setIf(write, {
        encoded,
        tags: versions,
        expectedRevision: expiredRevision ?? NOTHING_STORED,
      })
    } catch (error) {
      return this.#parts.errors.handle(error)
    }
  }

  async #setIf(write: KeyOperation, value: ValueToSend): Promise<WriteOutcome> {
    const { pending, counters, errors } = this.#parts
    if (!pending.isTrusted(write.key)) return 'superseded'
    try {
      const outcome = await this.#sender.send(write, value)
      counters.change(outcome === 'stored' ? 'ok' : 'skipped')
      return outcome
    } catch (error) {
      counters.change(outcomeOf(error))
      // Both outcomes are correct, so the key need not be deleted.
      return errors.handle(error)
    }
  }

  /** Deletes a key. Returns whether it held a fresh value. */
  async delete(write: KeyOperation): Promise<boolean | 'unavailable'> {
    const { key } = write
    const change: SentChange = {
      kind: 'key',
      names: [key],
      isSuperseded: () => write.isSuperseded,
    }
    const wasTrusted = this.#parts.pending.isTrusted(key)
    try {
      const removed = await this.#removal.removeFresh([key])
      this.#changes.confirmed(change)
      return removed.length > 0 && wasTrusted
    } catch (error) {
      return this.#changes.failed(change, write, error)
    }
  }

  /** Deletes many keys. Returns for each node its keys, and which of them held a fresh value. */
  async deleteMany(writes: readonly KeyOperation[]): Promise<readonly RemovedKeys[]> {
    const { pending } = this.#parts
    const keysAt = (positions: readonly number[]): string[] =>
      positions.map((position) => (writes[position] as KeyOperation).key)
    const trusted = new Set(writes.map(({ key }) => key).filter((key) => pending.isTrusted(key)))
    const results = await this.#onEachNode(writes, async (positions) => {
      const removed = await this.#removal.removeFresh(keysAt(positions))
      return removed.filter((key) => trusted.has(key))
    })
    return results.map(({ positions, result }) => ({ keys: keysAt(positions), existed: result }))
  }

  /**
   * Deletes the keys that match a glob, on every master that is available.
   *
   * @returns how many keys held a fresh value
   */
  async deleteMatching(pattern: string, removal: ChangeInFlight): Promise<number | 'unavailable'> {
    const { errors, pending, counters } = this.#parts
    const done = new Set<string>()
    const { removed, failures } = await this.#removal.removeMatching(pattern, done)
    counters.change(failures.size === 0 ? 'ok' : 'indeterminate')
    for (const node of done) this.#changes.confirmedPattern(node, pattern)
    const [error] = failures.values()
    if (error === undefined) {
      pending.confirm('pattern', pattern)
      return removed.size
    }
    removal.error = error
    pending.add('pattern', pattern, { done })
    pending.replay()
    errors.report(done.size === 0 ? error : partlyFailed(error, removed.size, failures.size))
    return done.size === 0 ? 'unavailable' : removed.size
  }

  /** Invalidates every value with one of the tags. Returns how many of them a stored value could have. */
  async invalidateTags(tags: readonly string[]): Promise<number | 'unavailable'> {
    const change: SentChange = { kind: 'tag', names: tags }
    try {
      const known = await this.#parts.tags.invalidate(tags)
      this.#changes.confirmed(change)
      return known
    } catch (error) {
      return this.#changes.failed(change, new ChangeInFlight(), error)
    }
  }

  /** Returns the current versions of tags, for a value that is yet to be loaded. */
  async takeTagVersions(
    tags: readonly string[],
    retentionMs: number,
  ): Promise<readonly TagVersion[] | 'unavailable'> {
    try {
      return await this.#takeVersions(tags, retentionMs)
    } catch (error) {
      return this.#parts.errors.handle(error)
    }
  }

  /** Returns the last generation seen of a key. */
  generationOf(key: string): string {
    const { generations, keyspace } = this.#parts
    return generations.lastKnown(keyspace.nameOf(key))
  }

  /** Renews the lease of a load in flight, or ends a lease. A process that finds it expired loads too. */
  async renewLease(key: string, revision: string, isInFlight: boolean): Promise<void> {
    const { masters, run, keyspace } = this.#parts
    const named = keyspace.named(key)
    const leaseMs = isInFlight ? LEASE_MS : 0
    const send = (client: RedisClient): Promise<unknown> =>
      masters.of(named.name).commands.renewLease(client, named, revision, leaseMs)
    await run(send, named.name).catch(() => undefined)
  }

  /** Reports a write that was not sent because the change that superseded it failed. */
  failed(write: ChangeInFlight, error: InfrastructureError): 'unavailable' {
    write.error = error
    this.#parts.errors.report(error)
    return 'unavailable'
  }

  /** Records a write that was not sent because Redis is unavailable: Redis holds an old value. */
  notSent(write: KeyOperation, error: InfrastructureError): 'unavailable' {
    const { pending, counters } = this.#parts
    counters.change('failed')
    pending.add('key', write.key)
    return this.failed(write, error)
  }

  /**
   * Changes keys on each node that holds some of them. A node that fails affects only its own keys.
   *
   * @param send - receives the positions of the node's keys among the writes
   * @throws the first error, if errors of Redis are thrown, once all nodes have replied
   */
  async #onEachNode<T>(
    writes: readonly KeyOperation[],
    send: (positions: readonly number[]) => Promise<T>,
    revisionOf?: SentChange['revisionOf'],
  ): Promise<{ readonly positions: readonly number[]; readonly result: T | 'unavailable' }[]> {
    const byKey = new Map(writes.map((write) => [write.key, write]))
    const isSuperseded = (key: string): boolean => byKey.get(key)?.isSuperseded === true
    const onNode = async (positions: readonly number[]): Promise<T | 'unavailable'> => {
      const ofNode = positions.map((position) => writes[position] as KeyOperation)
      const names = ofNode.map(({ key }) => key)
      const change: SentChange = {
        kind: 'key',
        names,
        isSuperseded,
        ...(revisionOf && { revisionOf }),
      }
      const operation = new ChangeInFlight()
      try {
        const result = await send(positions)
        this.#changes.confirmed(change)
        return result
      } catch (error) {
        return this.#changes.failed(change, operation, error)
      } finally {
        for (const write of ofNode) write.error = operation.error
      }
    }
    const settled = await Promise.allSettled(
      this.#changes.positionsByNode(writes).map(async (positions) => {
        return { positions, result: await onNode(positions) }
      }),
    )
    return settled.map((outcome) => {
      if (outcome.status === 'rejected') throw outcome.reason
      return outcome.value
    })
  }

  async #takeVersions(
    tags: readonly string[],
    retentionMs: number,
  ): Promise<readonly TagVersion[]> {
    return this.#parts.tags.take(tags, this.#parts.revisions.next(), retentionMs)
  }
}

/** Returns the error for an invalidation that some masters did not carry out. */
function partlyFailed(
  error: InfrastructureError,
  removed: number,
  masters: number,
): InfrastructureError {
  return new InfrastructureError(
    `${masters} masters did not carry out the invalidation: ${error.message}`,
    { code: error.code, context: { ...error.context, removed, masters }, cause: error },
  )
}

function retentionOf({ ttlMs, graceMs }: Encoded): number {
  return ttlMs + graceMs
}
