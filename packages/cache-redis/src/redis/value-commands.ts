import { type StorePlan, timers } from '@verbatim/cache-core/implement'
import type { Place } from '../codec/place.js'
import type { TagVersion } from '../codec/stored-line.js'
import type { Seal } from '../codec/value-codec.js'
import type { RedisClient } from '../connection/clients.js'
import { chain } from '../maybe-promise.js'
import type { NamedPlace, SealedValue } from './scripts/key-commands.js'
import type { StoreParts } from './store-parts.js'

/** A value that is ready to be sent to Redis. */
export interface Encoded extends Pick<StorePlan, 'ttlMs' | 'graceMs'> {
  readonly place: Place
  readonly seal: Seal
  /** Length of the body in bytes. */
  readonly length: number
  readonly revision: string
}

/** A value for a key under a generation. */
export interface NamedValue {
  readonly named: NamedPlace
  readonly encoded: Encoded
  readonly tags: readonly TagVersion[]
  readonly generation: string
  /** Returns whether no later change of the key was sent. */
  readonly isWanted: () => boolean
}

/** A large value takes longer to send: one millisecond for so many bytes. */
const BYTES_PER_MS = 10_000

const NOT_SENT = Promise.resolve(false)

function isWanted(value: NamedValue): boolean {
  return value.isWanted()
}

/**
 * Sends values with a deadline on the server's clock. The time limit of a command and its deadline begin
 * when the command leaves. A value that is not wanted by then is left out.
 */
export class ValueCommands {
  readonly #parts: StoreParts

  constructor(parts: StoreParts) {
    this.#parts = parts
  }

  /**
   * Sends a value.
   *
   * @param expectedRevision - the revision that the key must hold; `undefined` for any
   * @returns false when the key holds another revision, or the value is not wanted
   */
  send(value: NamedValue, expectedRevision: string | undefined): Promise<boolean | 'late'> {
    const { run, masters, commandTimeoutMs } = this.#parts
    const { named, encoded } = value
    const { name } = named
    const clockFirst = masters.clockFirst(name)
    if (clockFirst !== undefined) return clockFirst.then(() => this.send(value, expectedRevision))
    const extraMs = extraTimeFor(encoded.length)
    const send = (client: RedisClient): Promise<boolean | 'late'> => {
      // The time limit starts here. It includes a new sample of the clock, if the last one is outdated by now.
      const startedAt = timers.now()
      const { clock: masterClock, commands } = masters.of(name)
      return chain(masterClock.read(), (clock) => {
        if (!value.isWanted()) return NOT_SENT
        const sealed = this.#seal(value, clock.earliest(startedAt))
        const deadline = { clock, startedAt, timeoutMs: commandTimeoutMs + extraMs }
        return commands.write(client, named, sealed, expectedRevision, deadline, value.isWanted)
      })
    }
    return run(send, name, extraMs === 0 ? undefined : { extraMs })
  }

  /**
   * Sends values for keys of one slot with one command, over whatever the keys hold.
   *
   * @param extraMsPerValue - time that each value adds to the time limit, in milliseconds
   * @returns the values that were stored; the others were not wanted
   */
  sendTogether(
    values: readonly NamedValue[],
    extraMsPerValue: number,
  ): Promise<readonly NamedValue[] | 'late'> {
    const { run, masters, commandTimeoutMs } = this.#parts
    const { name } = (values[0] as NamedValue).named
    const clockFirst = masters.clockFirst(name)
    if (clockFirst !== undefined) {
      return clockFirst.then(() => this.sendTogether(values, extraMsPerValue))
    }
    const bytes = values.reduce((sum, { encoded }) => sum + encoded.length, 0)
    const extraMs = extraTimeFor(bytes) + values.length * extraMsPerValue
    const send = (client: RedisClient): Promise<readonly NamedValue[] | 'late'> => {
      const startedAt = timers.now()
      const { clock: masterClock, commands } = masters.of(name)
      return chain(masterClock.read(), (clock) => {
        const deadline = { clock, startedAt, timeoutMs: commandTimeoutMs + extraMs }
        return this.#sendWanted(values, (wanted) => {
          const names = wanted.map(({ named }) => named.name)
          const sealed = wanted.map((value) => this.#seal(value, clock.earliest(startedAt)))
          return commands.writeMany(client, names, sealed, deadline, () => wanted.every(isWanted))
        })
      })
    }
    return run(send, name, extraMs === 0 ? undefined : { extraMs })
  }

  /** Sends the values that are wanted, again if one of them is not wanted any more before Redis has stored them. */
  async #sendWanted(
    values: readonly NamedValue[],
    send: (wanted: readonly NamedValue[]) => Promise<boolean | 'late'>,
  ): Promise<readonly NamedValue[] | 'late'> {
    for (;;) {
      const wanted = values.filter(isWanted)
      if (wanted.length === 0) return wanted
      const written = await send(wanted)
      if (written !== false) return written === 'late' ? written : wanted
    }
  }

  /** Finishes the bytes of a value. Its TTL begins now. */
  #seal({ encoded, tags, generation }: NamedValue, now: number): SealedValue {
    const { seal, ttlMs, graceMs } = encoded
    const freshUntil = Math.floor(now + ttlMs)
    const bytes = seal(tags, freshUntil, generation)
    this.#parts.counters.wrote(Buffer.byteLength(bytes))
    return { bytes, storedUntil: Math.floor(freshUntil + graceMs) }
  }
}

function extraTimeFor(bytes: number): number {
  return Math.floor(bytes / BYTES_PER_MS)
}
