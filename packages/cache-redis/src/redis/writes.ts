import type { InfrastructureError } from '@verbatim/cache-core'
import { type StorePlan, timers } from '@verbatim/cache-core/implement'
import type { Place, TagVersion } from '../codec/stored-line.js'
import type { Seal } from '../codec/value-codec.js'
import { outcomeOf, tooLate } from '../connection/connection-errors.js'
import type { RedisClient } from '../connection/redis-client.js'
import type { Change, Ticket } from '../memory/key-fence.js'
import { follow, type NowOrLater } from '../now-or-later.js'
import type { ChangeSender } from './change-sender.js'
import { groupBySlot } from './placement.js'
import { type NamedPlace, NOTHING_STORED, type SealedValue } from './programs/key-programs.js'
import { LEASE_MS } from './programs/sources.js'
import { PAGE, type StoreParts } from './reads.js'

/** A value on its way to Redis. */
export interface Encoded extends Pick<StorePlan, 'ttlMs' | 'graceMs'> {
  readonly place: Place
  readonly seal: Seal
  /** Bytes of its body. */
  readonly length: number
  readonly revision: string
}

/** What was seen before a value was loaded. */
export interface SeenBefore {
  readonly revision: string
  /** An empty text where nobody knew it. */
  readonly generation: string
  readonly tags: readonly TagVersion[]
}

/** What became of a write: Redis has it, or something newer, or Redis was no use. */
export type WriteOutcome = 'stored' | 'superseded' | 'unavailable'

/** A large value takes longer to send: one millisecond for so many bytes. */
const BYTES_PER_MS = 10_000
/** Time that each entry of a batch adds to that of its command, in milliseconds. */
const MS_PER_ENTRY = 2

/** A value, and over which state of its key it is to be written: over any when that is left out. */
interface Attempt {
  readonly encoded: Encoded
  readonly tags: readonly TagVersion[]
  readonly expected: string | undefined
  /** The generation under which alone it is right; left out for any. */
  readonly generation?: string
}

const NO_VERSIONS: readonly TagVersion[] = []

/**
 * Writes values to Redis. A key whose write was not confirmed is removed as soon as Redis can be used.
 */
export class RedisWrites {
  readonly #parts: StoreParts
  readonly #changes: ChangeSender

  constructor(parts: StoreParts, changes: ChangeSender) {
    this.#parts = parts
    this.#changes = changes
  }

  /**
   * Encodes the value as it is now.
   *
   * @throws SerializationError for a value that cannot be stored
   */
  encode(key: string, value: unknown, { ttlMs, graceMs, loadMs }: StorePlan): NowOrLater<Encoded> {
    const { codec, keyspace, revisions } = this.#parts
    const revision = revisions.next()
    const place = keyspace.placeOf(key)
    const sealing = codec.encode(place, value, { graceMs, loadMs, revision })
    return follow(sealing, ({ seal, length }) => {
      return { place, seal, length, revision, ttlMs, graceMs }
    })
  }

  /**
   * Checks a value without encoding it.
   *
   * @returns whether it certainly is small enough; otherwise {@link RedisWrites.assertFits} tells
   * @throws SerializationError for a value that cannot be stored
   */
  assertEncodable(value: unknown): boolean {
    return this.#parts.codec.assertEncodable(value)
  }

  /**
   * Encodes a value to check that it is small enough once it is compressed.
   *
   * @throws SerializationError (`VALUE_TOO_LARGE`)
   */
  assertFits(value: unknown): Promise<void> {
    return this.#parts.codec.assertFits(value)
  }

  /** Stores a value over whatever the key holds. */
  write(write: Ticket, encoded: Encoded, tags: readonly string[]): Promise<WriteOutcome> {
    const send = async (): Promise<WriteOutcome> => {
      const versions = tags.length === 0 ? NO_VERSIONS : await this.#take(tags, holdOf(encoded))
      return this.#write(write, { encoded, tags: versions, expected: undefined })
    }
    return this.#changes.send(write, 'key', [write.key], send, {
      revisions: encoded.revision,
      isOvertaken: () => write.overtaken,
    })
  }

  /** Stores many values over whatever their keys hold. Returns the outcome of each. */
  async writeMany(
    writes: readonly Ticket[],
    encoded: readonly Encoded[],
    tags: readonly string[],
  ): Promise<readonly WriteOutcome[]> {
    const revisions = new Map(
      encoded.map(({ revision }, index) => [writes[index]?.key as string, revision] as const),
    )
    const [first] = encoded
    const versions = tags.length === 0 || !first ? NO_VERSIONS : this.#take(tags, holdOf(first))
    const taken = Promise.resolve(versions)
    // Each node waits for it; there may be none.
    taken.catch(() => undefined)
    const answers = await this.#changes.sendByNode(
      writes,
      async (places) => {
        const ofNode = places.map((place) => writes[place] as Ticket)
        const values = places.map((place) => encoded[place] as Encoded)
        return this.#writeMany(ofNode, values, await taken)
      },
      revisions,
    )
    const outcomes: WriteOutcome[] = []
    for (const { places, answer } of answers) for (const place of places) outcomes[place] = answer
    return outcomes
  }

  /** Stores what was loaded, if the key is still in the state that was seen before. */
  compareAndSet(
    write: Ticket,
    encoded: Encoded,
    { revision, generation, tags }: SeenBefore,
  ): Promise<WriteOutcome> {
    return this.#conditional(write, { encoded, tags, expected: revision, generation })
  }

  /** Stores a value if the key holds nothing but perhaps a value of this revision. */
  async writeIfAbsent(
    write: Ticket,
    encoded: Encoded,
    tags: readonly string[],
    over: string | undefined,
  ): Promise<WriteOutcome> {
    const { errors } = this.#parts
    try {
      const versions = tags.length === 0 ? [] : await this.#take(tags, holdOf(encoded))
      return await this.#conditional(write, {
        ...{ encoded, tags: versions },
        expected: over ?? NOTHING_STORED,
      })
    } catch (error) {
      return errors.handle(error)
    }
  }

  /** Returns the versions that tags have now, to be carried by a value that is yet to be loaded. */
  async takeTags(
    tags: readonly string[],
    holdMs: number,
  ): Promise<readonly TagVersion[] | 'unavailable'> {
    try {
      return await this.#take(tags, holdMs)
    } catch (error) {
      return this.#parts.errors.handle(error)
    }
  }

  /** Returns the generation of a key as it was last seen. */
  generationOf(key: string): string {
    const { generations, keyspace } = this.#parts
    return generations.lastSeen(keyspace.nameOf(key))
  }

  /** Renews a lease, or ends it. Best effort: whoever finds it expired loads for itself. */
  async renewLease(key: string, revision: string, isUnderWay: boolean): Promise<void> {
    const { known, run } = this.#parts
    const named = this.#named(key)
    const { name } = named
    const leaseMs = isUnderWay ? LEASE_MS : 0
    const send = (client: RedisClient): Promise<unknown> =>
      known.of(name).programs.renewLease(client, named, revision, leaseMs)
    await run(send, name).catch(() => undefined)
  }

  /** A change was not sent: another one superseded it that did not reach Redis, or Redis is away. */
  failed(change: Change, error: InfrastructureError): 'unavailable' {
    change.trouble = error
    this.#parts.errors.report(error)
    return 'unavailable'
  }

  /** A value was not sent, since Redis is away. What Redis holds of the key is no longer right. */
  notSent(write: Ticket, error: InfrastructureError): 'unavailable' {
    const { pending, tally } = this.#parts
    tally.change('failed')
    pending.add('key', write.key)
    return this.failed(write, error)
  }

  async #take(tags: readonly string[], holdMs: number): Promise<readonly TagVersion[]> {
    return this.#parts.tags.take(tags, this.#parts.revisions.next(), holdMs)
  }

  async #conditional(write: Ticket, attempt: Attempt): Promise<WriteOutcome> {
    const { pending, tally, errors } = this.#parts
    if (!pending.isTrusted(write.key)) return 'superseded'
    try {
      const outcome = await this.#write(write, attempt)
      tally.change(outcome === 'stored' ? 'ok' : 'skipped')
      return outcome
    } catch (error) {
      tally.change(outcomeOf(error))
      // Whether it was stored or not, it is right: nothing has to be remembered.
      return errors.handle(error)
    }
  }

  /** Writes a value under the current generation; once more if that was raised unnoticed. */
  async #write(write: Ticket, attempt: Attempt): Promise<WriteOutcome> {
    const { generations, keyspace } = this.#parts
    const named = { name: keyspace.nameOf(write.key), place: attempt.encoded.place }
    const seen = generations.lastSeen(named.name) || (await generations.current(named.name))
    // What was loaded before the generation was raised is void.
    const isVoidUnder = (generation: string): boolean =>
      Boolean(attempt.generation) && attempt.generation !== generation
    if (isVoidUnder(seen)) return 'superseded'
    const sent = this.#send(named, attempt, seen, () => !write.overtaken)
    const current = generations.current(named.name)
    if (typeof current !== 'string') current.catch(() => undefined)
    const outcome = outcomeOfWrite(await sent)
    if (outcome !== 'stored') return outcome
    const generation = typeof current === 'string' ? current : await current
    if (generation === seen) return outcome
    if (isVoidUnder(generation)) return 'superseded'
    // Ours is what is there now, though void.
    const again = { ...attempt, expected: attempt.encoded.revision }
    return outcomeOfWrite(await this.#send(named, again, generation, () => !write.overtaken))
  }

  #send(
    named: NamedPlace,
    { encoded, tags, expected }: Attempt,
    generation: string,
    isWanted: () => boolean,
  ): Promise<boolean | 'late'> {
    const { run, known, commandTimeoutMs } = this.#parts
    const { name } = named
    const clockFirst = known.clockFirst(name)
    if (clockFirst !== undefined) {
      const attempt = { encoded, tags, expected }
      return clockFirst.then(() => this.#send(named, attempt, generation, isWanted))
    }
    const extraMs = Math.floor(encoded.length / BYTES_PER_MS)
    const send = (client: RedisClient): Promise<boolean | 'late'> => {
      // Its caller waits from here on, also if the clock has to be asked first.
      const startedAt = timers.now()
      const { clock: masterClock, programs } = known.of(name)
      return follow(masterClock.look(), (clock) => {
        if (!isWanted()) return NOT_WRITTEN
        const value = this.#sealed(encoded, tags, generation, clock.earliest(startedAt))
        const time = { clock, startedAt, timeoutMs: commandTimeoutMs + extraMs }
        return programs.write(client, named, value, expected, time, isWanted)
      })
    }
    return run(send, name, extraMs === 0 ? undefined : { extraMs })
  }

  async #writeMany(
    writes: readonly Ticket[],
    encoded: readonly Encoded[],
    tags: readonly TagVersion[],
  ): Promise<WriteOutcome> {
    const { client, keyspace } = this.#parts
    const names = writes.map(({ key }) => keyspace.nameOf(key))
    await Promise.all(
      groupBySlot(client, names, PAGE).map((group) =>
        this.#writeGroup(
          group.map((index) => writes[index] as Ticket),
          group.map((index) => names[index] as string),
          group.map((index) => encoded[index] as Encoded),
          tags,
        ),
      ),
    )
    return 'stored'
  }

  async #writeGroup(
    writes: readonly Ticket[],
    names: readonly string[],
    encoded: readonly Encoded[],
    tags: readonly TagVersion[],
  ): Promise<void> {
    const { run, known, generations, commandTimeoutMs } = this.#parts
    const [first = ''] = names
    const bytes = encoded.reduce((sum, { length }) => sum + length, 0)
    const extraMs = Math.floor(bytes / BYTES_PER_MS) + encoded.length * MS_PER_ENTRY
    const send = (generation: string): Promise<true | 'late'> =>
      run(
        (client) => {
          const startedAt = timers.now()
          const { clock: masterClock, programs } = known.of(first)
          return follow(masterClock.look(), (clock) => {
            const now = clock.earliest(startedAt)
            // What a later change has superseded must not be sent after it.
            const wanted = [...names.keys()].filter((index) => !writes[index]?.overtaken)
            if (wanted.length === 0) return Promise.resolve(true)
            const values = wanted.map((index) =>
              this.#sealed(encoded[index] as Encoded, tags, generation, now),
            )
            const wantedNames = wanted.map((index) => names[index] as string)
            const timeoutMs = commandTimeoutMs + extraMs
            return programs.writeMany(client, wantedNames, values, { clock, startedAt, timeoutMs })
          })
        },
        first,
        { extraMs },
      )
    const seen = generations.lastSeen(first) || (await generations.current(first))
    const sent = send(seen)
    const current = generations.current(first)
    if (typeof current !== 'string') current.catch(() => undefined)
    if ((await sent) === 'late') throw tooLate()
    const generation = await current
    if (generation === seen) return
    for (const [index, encodedValue] of encoded.entries()) {
      const named = { name: names[index] as string, place: encodedValue.place }
      const attempt = { encoded: encodedValue, tags, expected: encodedValue.revision }
      await this.#send(named, attempt, generation, () => !writes[index]?.overtaken)
    }
  }

  /** The TTL of a value begins when it is sent. */
  #sealed(
    { seal, ttlMs, graceMs }: Encoded,
    tags: readonly TagVersion[],
    generation: string,
    now: number,
  ): SealedValue {
    const freshUntil = Math.floor(now + ttlMs)
    const bytes = seal(tags, freshUntil, generation)
    this.#parts.tally.wrote(Buffer.byteLength(bytes))
    return { bytes, heldUntil: Math.floor(freshUntil + graceMs) }
  }

  #named(key: string): NamedPlace {
    const { keyspace } = this.#parts
    return { name: keyspace.nameOf(key), place: keyspace.placeOf(key) }
  }
}

const NOT_WRITTEN = Promise.resolve(false)

/** @throws InfrastructureError (`BACKEND_TIMEOUT`) when the server came to the write too late */
function outcomeOfWrite(written: boolean | 'late'): WriteOutcome {
  if (written === 'late') throw tooLate()
  return written ? 'stored' : 'superseded'
}

function holdOf({ ttlMs, graceMs }: Encoded): number {
  return ttlMs + graceMs
}
