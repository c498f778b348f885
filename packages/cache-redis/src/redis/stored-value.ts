import { SerializationError } from '@verbatim/cache-core'
import { isPromiseLike, timers } from '@verbatim/cache-core/implement'
import type { ForeignReason } from '../codec/stored-line.js'
import type { Decoded, Unreadable, ValueCodec } from '../codec/value-codec.js'
import { follow, type NowOrLater } from '../now-or-later.js'
import type { Tally } from '../tally.js'
import type { NamedPlace } from './programs/key-programs.js'
import type { ServerClock } from './server-clock.js'

/** A value as Redis holds it. */
export interface StoredValue extends Omit<Decoded, 'freshUntil'> {
  /** Whether a tag of it, or its generation, is no longer current: then it only tells the state of the key. */
  readonly isVoid: boolean
  /** What is left of its TTL, in milliseconds; negative in its grace period; `Infinity` when it never expires. */
  readonly freshMs: number
}

/** Bytes under a key that are not a value of this cache, or damaged. */
export interface UnreadableBytes {
  readonly reason: ForeignReason | 'damaged'
  readonly bytes: Buffer
}

export interface StoredValuesOptions {
  readonly codec: Pick<ValueCodec, 'decode'>
  readonly tally: Tally
  readonly clockOf: (name: string) => NowOrLater<ServerClock>
  /** How long Redis still holds a value that does not say. */
  readonly ttlOf: (name: string) => Promise<number>
}

/** Makes values of the bytes that Redis holds. */
export class StoredValues {
  readonly #options: StoredValuesOptions

  constructor(options: StoredValuesOptions) {
    this.#options = options
  }

  /** @returns `undefined` when no worker thread could decode the value */
  open(
    { name, place }: NamedPlace,
    bytes: Buffer,
  ): NowOrLater<StoredValue | UnreadableBytes | undefined> {
    this.#options.tally.read(bytes.length)
    const use = (
      decoded: Decoded | Unreadable,
    ): NowOrLater<StoredValue | UnreadableBytes | undefined> =>
      'unreadable' in decoded ? { reason: decoded.unreadable, bytes } : this.#withTtl(name, decoded)
    try {
      const decoded = this.#options.codec.decode(place, bytes)
      const opened = follow(decoded, use)
      return isPromiseLike(opened) ? (opened as Promise<StoredValue>).catch(ifNoThread) : opened
    } catch (error) {
      return ifNoThread(error)
    }
  }

  #withTtl(name: string, decoded: Decoded): NowOrLater<StoredValue> {
    const { clockOf, ttlOf } = this.#options
    const { value, freshUntil, graceMs, loadMs, revision, tags, generation } = decoded
    const freshMs =
      freshUntil === undefined
        ? ttlOf(name)
        : follow(clockOf(name), (clock) => freshUntil - clock.latest(timers.now()))
    const isVoid = false
    return follow(freshMs, (left) => {
      return { value, freshMs: left, graceMs, loadMs, revision, tags, generation, isVoid }
    })
  }
}

/** That there is no thread for a large value says nothing about its bytes. */
function ifNoThread(error: unknown): undefined {
  if (error instanceof SerializationError && error.code === 'CODEC_FAILED') return undefined
  throw error
}
