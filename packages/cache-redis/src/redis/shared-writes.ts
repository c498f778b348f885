import { InfrastructureError, type StorePlan } from '@verbatim/cache-core'
import type { TagVersion } from '../codec/envelope.js'
import type { Seal, ValueCodec } from '../codec/value-codec.js'
import { outcomeOf } from '../connection/connection-errors.js'
import { Change, type Ticket } from '../memory/key-fence.js'
import { follow, type NowOrLater } from '../now-or-later.js'
import type { ChangeKind } from './recent-changes.js'
import type { SharedParts, SharedReads } from './shared-reads.js'

/** A value on its way to Redis. */
export interface Encoded extends Pick<StorePlan, 'lifeMs' | 'graceMs'> {
  readonly seal: Seal
  /** How many bytes it has, without what is stored beside it. */
  readonly length: number
  readonly stamp: string
}

/** What was seen before a value was loaded. */
export interface SeenBefore {
  readonly stamp: string
  readonly tags: readonly TagVersion[]
}

/**
 * Changes of Redis. One that Redis could not be told of, or of which nobody knows, is remembered and
 * made good as soon as Redis lets us.
 *
 * Methods answer `undefined` where Redis was no use.
 */
export class SharedWrites {
  readonly #parts: SharedParts
  readonly #reads: SharedReads
  readonly #codec: ValueCodec

  constructor(parts: SharedParts, reads: SharedReads, codec: ValueCodec) {
    this.#parts = parts
    this.#reads = reads
    this.#codec = codec
  }

  /**
   * Takes the value as it is now.
   *
   * @throws SerializationError for a value without a form in bytes
   */
  encode(key: string, value: unknown, { lifeMs, graceMs, loadMs }: StorePlan): NowOrLater<Encoded> {
    const stamp = this.#parts.stamps.next()
    const sealing = this.#codec.encode(key, value, { graceMs, loadMs, stamp })
    return follow(sealing, ({ seal, length }) => ({ seal, length, stamp, lifeMs, graceMs }))
  }

  /** Answers false when a later change of the key has gone ahead meanwhile. */
  write(
    write: Ticket,
    { seal, lifeMs, graceMs }: Encoded,
    tags: readonly string[],
  ): Promise<boolean | undefined> {
    const isWanted = (): boolean => !write.overtaken
    const store = (versions: readonly TagVersion[]): Promise<boolean> =>
      this.#parts.redis.write(write.key, { seal, tags: versions, lifeMs, graceMs, isWanted })
    return this.#tell(write, 'key', [write.key], () =>
      follow(this.#versionsOf(tags, lifeMs + graceMs), store),
    )
  }

  /** Stores what was loaded. Answers whether the key was still in the state that was seen before. */
  async writeOver(
    write: Ticket,
    { seal, lifeMs, graceMs }: Encoded,
    { stamp: over, tags }: SeenBefore,
  ): Promise<boolean | undefined> {
    const { changes, redis, tally, trouble } = this.#parts
    if (!changes.believes(write.key)) return false
    const isWanted = (): boolean => !write.overtaken
    try {
      const stored = await redis.write(write.key, { seal, tags, lifeMs, graceMs, over, isWanted })
      tally.change(stored ? 'ok' : 'skipped')
      return stored
    } catch (error) {
      tally.change(outcomeOf(error))
      // Whether it was stored or not, it is no lie: nothing has to be remembered.
      return trouble.none(error)
    }
  }

  /** Answers the versions that tags have now, to be carried by a value that is yet to be loaded. */
  async takeTags(
    tags: readonly string[],
    holdMs: number,
  ): Promise<readonly TagVersion[] | undefined> {
    try {
      return await this.#versionsOf(tags, holdMs)
    } catch (error) {
      return this.#parts.trouble.none(error)
    }
  }

  /** Says that a load is still under way, or no more; best effort. */
  async renewLease(key: string, stamp: string, underWay: boolean): Promise<void> {
    // Nobody waits for it, and who finds the lease run out loads for himself.
    await this.#parts.redis.renewLease(key, stamp, underWay).catch(() => undefined)
  }

  /** Answers whether the key was there and fresh. */
  remove(write: Ticket): Promise<boolean | undefined> {
    const { changes, redis } = this.#parts
    const { key } = write
    const believed = changes.believes(key)
    return this.#tell(write, 'key', [key], async () => {
      const removed = await this.#reads.freshAmong([key], await redis.remove([key]))
      return removed.length > 0 && believed
    })
  }

  /** Removes what a glob matches. Answers how many keys were there and fresh. */
  removeMatching(pattern: string, change: Change): Promise<number | undefined> {
    return this.#tell(change, 'pattern', [pattern], () => this.#removeMatching(pattern))
  }

  /** Makes void what carries one of the tags. */
  async invalidateTags(tags: readonly string[]): Promise<void> {
    await this.#tell(new Change(), 'tag', tags, () => this.#parts.tags.invalidate(tags))
  }

  /** Says that a change was not sent because of another one that Redis could not be told of. */
  failed(change: Change, error: InfrastructureError): undefined {
    change.trouble = error
    this.#parts.trouble.report(error)
  }

  /** Makes good what Redis could not be told of. */
  async makeGood(kind: ChangeKind, names: readonly string[]): Promise<void> {
    if (kind === 'tag') await this.#parts.tags.invalidate(names)
    else if (kind === 'key') await this.#parts.redis.remove(names)
    else for (const pattern of names) await this.#removeMatching(pattern)
  }

  #versionsOf(names: readonly string[], holdMs: number): NowOrLater<readonly TagVersion[]> {
    const { stamps, tags } = this.#parts
    return names.length === 0 ? [] : tags.take(names, stamps.next(), holdMs)
  }

  async #removeMatching(pattern: string): Promise<number> {
    const { redis } = this.#parts
    const removed = new Set<string>()
    for await (const page of redis.scan(pattern)) {
      for (const key of await this.#reads.freshAmong(page, await redis.remove(page))) {
        removed.add(key)
      }
    }
    return removed.size
  }

  async #tell<T>(
    change: Change & { readonly overtaken?: boolean },
    kind: ChangeKind,
    names: readonly string[],
    send: () => Promise<T>,
  ): Promise<T | undefined> {
    const { changes, tally, trouble } = this.#parts
    try {
      const answer = await send()
      // Nothing is skipped but a write that a later change has overtaken.
      tally.change(answer === false && change.overtaken ? 'skipped' : 'ok')
      for (const name of names) changes.confirmed(kind, name, change.overtaken !== true)
      return answer
    } catch (error) {
      tally.change(outcomeOf(error))
      if (error instanceof InfrastructureError) change.trouble = error
      for (const name of names) changes.failed(kind, name)
      return trouble.none(error)
    }
  }
}
