import { SerializationError } from '@verbatim/cache-core'
import { isPromiseLike, timers } from '@verbatim/cache-core/implement'
import type { ForeignReason } from '../codec/stored-line.js'
import type { Decoded, Unreadable, ValueCodec } from '../codec/value-codec.js'
import { chain, type MaybePromise } from '../maybe-promise.js'
import type { Counters } from '../stats.js'
import type { NamedPlace } from './scripts/key-commands.js'
import type { ServerClock } from './server-clock.js'

/** A value as Redis holds it. */
export interface StoredValue extends Omit<Decoded, 'freshUntil'> {
  /** Whether its generation or the version of one of its tags is not current. Only its revision counts then. */
  readonly isVoid: boolean
  /** The rest of its TTL in milliseconds; negative in the grace period, `Infinity` without expiry. */
  readonly freshMs: number
}

/** Bytes under a key that are not a value of this cache, or a damaged value. */
export interface UnreadableBytes {
  readonly reason: ForeignReason | 'damaged'
  readonly bytes: Buffer
}

export interface StoredValuesOptions {
  readonly codec: Pick<ValueCodec, 'decode'>
  readonly counters: Pick<Counters, 'read'>
  readonly clockOf: (name: string) => MaybePromise<ServerClock>
  /** Returns the TTL in Redis of a value that does not say when it expires, in milliseconds. */
  readonly ttlOf: (name: string) => Promise<number>
}

/** Decodes the bytes under a key, and computes how long the value stays fresh. */
export class StoredValues {
  readonly #options: StoredValuesOptions

  constructor(options: StoredValuesOptions) {
    this.#options = options
  }

  /** @returns `undefined` when no worker thread could decode the value */
  open(
    { name, place }: NamedPlace,
    bytes: Buffer,
  ): MaybePromise<StoredValue | UnreadableBytes | undefined> {
    this.#options.counters.read(bytes.length)
    const use = (
      decoded: Decoded | Unreadable,
    ): MaybePromise<StoredValue | UnreadableBytes | undefined> =>
      'unreadable' in decoded ? { reason: decoded.unreadable, bytes } : this.#withTtl(name, decoded)
    try {
      const decoded = this.#options.codec.decode(place, bytes)
      const opened = chain(decoded, use)
      return isPromiseLike(opened) ? (opened as Promise<StoredValue>).catch(ifNoThread) : opened
    } catch (error) {
      return ifNoThread(error)
    }
  }

  #withTtl(name: string, decoded: Decoded): MaybePromise<StoredValue> {
    const { clockOf, ttlOf } = this.#options
    const { value, freshUntil, graceMs, loadMs, revision, tags, generation } = decoded
    const freshMs =
      freshUntil === undefined
        ? ttlOf(name)
        : chain(clockOf(name), (clock) => freshUntil - clock.latest(timers.now()))
    const isVoid = false
    return chain(freshMs, (left) => {
      return { value, freshMs: left, graceMs, loadMs, revision, tags, generation, isVoid }
    })
  }
}

/** Returns `undefined` for the lack of a thread, which says nothing about the bytes of a value. */
function ifNoThread(error: unknown): undefined {
  if (error instanceof SerializationError && error.code === 'CODEC_FAILED') return undefined
  throw error
}
