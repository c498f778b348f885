import { SerializationError } from '@verbatim/cache-core'
import { isMark } from '../codec/envelope.js'
import type { Decoded, ValueCodec } from '../codec/value-codec.js'
import { follow, type NowOrLater } from '../now-or-later.js'
import type { Tally } from '../tally.js'
import type { ServerClock } from './server-clock.js'

/** A value as Redis holds it. */
export interface StoredValue extends Omit<Decoded, 'freshUntil'> {
  /** Whether a tag of it was invalidated: then it only tells the state of the key. */
  readonly isVoid: boolean
  /** How many bytes Redis holds for it. */
  readonly length: number
  /** What is left of its life; negative while only its grace is; `Infinity` when it never expires. */
  readonly freshMs: number
}

/** Bytes under a key that are no value of ours, or not intact. */
export interface CorruptValue {
  readonly corrupt: Buffer
}

export interface StoredValuesOptions {
  readonly codec: Pick<ValueCodec, 'decode'>
  readonly tally: Tally
  readonly clockOf: (name: string) => NowOrLater<ServerClock>
  /** How long Redis still holds a value that does not tell. */
  readonly lifeOf: (name: string) => Promise<number>
}

/** Makes values of the bytes that Redis holds. */
export class StoredValues {
  readonly #options: StoredValuesOptions

  constructor(options: StoredValuesOptions) {
    this.#options = options
  }

  /** @param name - of the key in Redis */
  open(
    key: string,
    name: string,
    bytes: Buffer | null,
  ): NowOrLater<StoredValue | CorruptValue | null> {
    // A mark is left by whoever is to load the key: there is no value.
    if (bytes === null || isMark(bytes)) return null
    this.#options.tally.read(bytes.length)
    return follow(this.#decode(key, bytes), (decoded) =>
      decoded === null || 'corrupt' in decoded ? decoded : this.#aged(name, decoded, bytes.length),
    )
  }

  #decode(key: string, bytes: Buffer): NowOrLater<Decoded | CorruptValue | null> {
    const refused = (error: unknown): CorruptValue | null =>
      // That there is no thread for a large value says nothing about its bytes.
      error instanceof SerializationError && error.code === 'CODEC_FAILED'
        ? null
        : { corrupt: bytes }
    try {
      const decoded = this.#options.codec.decode(key, bytes)
      return decoded instanceof Promise ? decoded.catch(refused) : decoded
    } catch (error) {
      return refused(error)
    }
  }

  #aged(name: string, decoded: Decoded, length: number): NowOrLater<StoredValue> {
    const { clockOf, lifeOf } = this.#options
    const { value, freshUntil, graceMs, loadMs, stamp, tags } = decoded
    const freshMs =
      freshUntil === undefined
        ? lifeOf(name)
        : follow(clockOf(name), (clock) => freshUntil - clock.latest(performance.now()))
    const isVoid = false
    return follow(freshMs, (left) => {
      return { value, freshMs: left, graceMs, loadMs, stamp, tags, isVoid, length }
    })
  }
}
