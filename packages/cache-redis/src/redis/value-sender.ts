import { type StorePlan, timers } from '@verbatim/cache-core/implement'
import type { Place } from '../codec/place.js'
import type { TagVersion } from '../codec/stored-line.js'
import type { Seal } from '../codec/value-codec.js'
import type { RedisClient } from '../connection/clients.js'
import { groupBySlot } from '../connection/cluster-slots.js'
import { writtenTooLate } from '../connection/connection-errors.js'
import { chain } from '../maybe-promise.js'
import type { KeyOperation } from '../operations-in-flight.js'
import type { NamedPlace, SealedValue } from './scripts/key-commands.js'
import { PAGE, type StoreParts } from './store-parts.js'

/** A value that is ready to be sent to Redis. */
export interface Encoded extends Pick<StorePlan, 'ttlMs' | 'graceMs'> {
  readonly place: Place
  readonly seal: Seal
  /** Length of the body in bytes. */
  readonly length: number
  readonly revision: string
}

/**
 * The outcome of a write: Redis stored the value, something newer superseded it, or Redis was
 * unavailable.
 */
export type WriteOutcome = 'stored' | 'superseded' | 'unavailable'

/** A value, and the state of its key that the write replaces. */
export interface ValueToSend {
  readonly encoded: Encoded
  readonly tags: readonly TagVersion[]
  /** The revision that the key must hold; `undefined` for any. */
  readonly expectedRevision: string | undefined
  /** The only generation under which the value is valid; empty or absent for any. */
  readonly generation?: string
}

/** A large value takes longer to send: one millisecond for so many bytes. */
const BYTES_PER_MS = 10_000
/** Time that each entry of a batch adds to that of its command, in milliseconds. */
const MS_PER_ENTRY = 2

const NOT_SENT = Promise.resolve(false)

/**
 * Sends values to Redis. Each carries a deadline on the server's clock, so that a write which timed out
 * here does not take effect there later, and the current generation of the prefix.
 */
export class ValueSender {
  readonly #parts: StoreParts

  constructor(parts: StoreParts) {
    this.#parts = parts
  }

  /**
   * Sends a value under the current generation, and again if the generation was raised unnoticed.
   *
   * @throws InfrastructureError when Redis is unavailable, refuses, or received the write too late
   */
  async send(write: KeyOperation, value: ValueToSend): Promise<'stored' | 'superseded'> {
    const { generations, keyspace } = this.#parts
    const named = { name: keyspace.nameOf(write.key), place: value.encoded.place }
    const known = generations.lastKnown(named.name) || (await generations.current(named.name))
    // A value that was loaded before the generation was raised is void.
    const isVoidUnder = (generation: string): boolean =>
      Boolean(value.generation) && value.generation !== generation
    if (isVoidUnder(known)) return 'superseded'
    const sent = this.#send(named, value, known, () => !write.isSuperseded)
    const current = generations.current(named.name)
    if (typeof current !== 'string') current.catch(() => undefined)
    const outcome = outcomeOf(await sent)
    if (outcome !== 'stored') return outcome
    const generation = typeof current === 'string' ? current : await current
    if (generation === known) return outcome
    if (isVoidUnder(generation)) return 'superseded'
    // The key holds this value now, but it is void.
    const again = { ...value, expectedRevision: value.encoded.revision }
    return outcomeOf(await this.#send(named, again, generation, () => !write.isSuperseded))
  }

  /**
   * Sends many values over whatever their keys hold. Leaves out the values that a later change supersedes
   * before they are sent; their operations say so.
   *
   * @throws InfrastructureError when Redis is unavailable, refuses, or received a write too late
   */
  async sendMany(
    writes: readonly KeyOperation[],
    encoded: readonly Encoded[],
    tags: readonly TagVersion[],
  ): Promise<'stored'> {
    const { client, keyspace } = this.#parts
    const names = writes.map(({ key }) => keyspace.nameOf(key))
    await Promise.all(
      groupBySlot(client, names, PAGE).map((group) =>
        this.#sendGroup(
          group.map((index) => writes[index] as KeyOperation),
          group.map((index) => names[index] as string),
          group.map((index) => encoded[index] as Encoded),
          tags,
        ),
      ),
    )
    return 'stored'
  }

  #send(
    named: NamedPlace,
    { encoded, tags, expectedRevision }: ValueToSend,
    generation: string,
    isWanted: () => boolean,
  ): Promise<boolean | 'late'> {
    const { run, masters, commandTimeoutMs } = this.#parts
    const { name } = named
    const clockFirst = masters.clockFirst(name)
    if (clockFirst !== undefined) {
      const value = { encoded, tags, expectedRevision }
      return clockFirst.then(() => this.#send(named, value, generation, isWanted))
    }
    const extraMs = Math.floor(encoded.length / BYTES_PER_MS)
    const send = (client: RedisClient): Promise<boolean | 'late'> => {
      // The time limit starts here. It includes a new sample of the clock, if the last one is outdated by now.
      const startedAt = timers.now()
      const { clock: masterClock, commands } = masters.of(name)
      return chain(masterClock.read(), (clock) => {
        if (!isWanted()) return NOT_SENT
        const sealed = this.#seal(encoded, tags, generation, clock.earliest(startedAt))
        const deadline = { clock, startedAt, timeoutMs: commandTimeoutMs + extraMs }
        return commands.write(client, named, sealed, expectedRevision, deadline, isWanted)
      })
    }
    return run(send, name, extraMs === 0 ? undefined : { extraMs })
  }

  async #sendGroup(
    writes: readonly KeyOperation[],
    names: readonly string[],
    encoded: readonly Encoded[],
    tags: readonly TagVersion[],
  ): Promise<void> {
    const { run, masters, generations, commandTimeoutMs } = this.#parts
    const [first = ''] = names
    const bytes = encoded.reduce((sum, { length }) => sum + length, 0)
    const extraMs = Math.floor(bytes / BYTES_PER_MS) + encoded.length * MS_PER_ENTRY
    const send = (generation: string): Promise<true | 'late'> =>
      run(
        (client) => {
          const startedAt = timers.now()
          const { clock: masterClock, commands } = masters.of(first)
          return chain(masterClock.read(), (clock) => {
            const now = clock.earliest(startedAt)
            // A value must not be sent after a later change of its key.
            const wanted = [...names.keys()].filter((index) => !writes[index]?.isSuperseded)
            if (wanted.length === 0) return Promise.resolve(true)
            const values = wanted.map((index) =>
              this.#seal(encoded[index] as Encoded, tags, generation, now),
            )
            const wantedNames = wanted.map((index) => names[index] as string)
            const deadline = { clock, startedAt, timeoutMs: commandTimeoutMs + extraMs }
            return commands.writeMany(client, wantedNames, values, deadline)
          })
        },
        first,
        { extraMs },
      )
    const known = generations.lastKnown(first) || (await generations.current(first))
    const sent = send(known)
    const current = generations.current(first)
    if (typeof current !== 'string') current.catch(() => undefined)
    outcomeOf(await sent)
    const generation = await current
    if (generation === known) return
    for (const [index, each] of encoded.entries()) {
      const named = { name: names[index] as string, place: each.place }
      const value = { encoded: each, tags, expectedRevision: each.revision }
      outcomeOf(await this.#send(named, value, generation, () => !writes[index]?.isSuperseded))
    }
  }

  /** Finishes the bytes of a value. Its TTL begins now. */
  #seal(
    { seal, ttlMs, graceMs }: Encoded,
    tags: readonly TagVersion[],
    generation: string,
    now: number,
  ): SealedValue {
    const freshUntil = Math.floor(now + ttlMs)
    const bytes = seal(tags, freshUntil, generation)
    this.#parts.counters.wrote(Buffer.byteLength(bytes))
    return { bytes, storedUntil: Math.floor(freshUntil + graceMs) }
  }
}

/** @throws InfrastructureError (`BACKEND_TIMEOUT`) when the server received the write too late */
function outcomeOf(written: boolean | 'late'): 'stored' | 'superseded' {
  if (written === 'late') throw writtenTooLate()
  return written ? 'stored' : 'superseded'
}
