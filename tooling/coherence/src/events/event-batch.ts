import type { Nanoseconds } from '../clock.js'

/**
 * What happened, as a process logs it and the checker reads it: 32 bytes each, in the order of
 * `end`, which is when it was logged.
 */
export interface CoherenceEvent {
  readonly kind: EventKind
  readonly key: number
  /** Whose version it is about. */
  readonly writer: number
  readonly number: number
  /** Equal to `end` for what is not a span of time. */
  readonly start: Nanoseconds
  readonly end: Nanoseconds
  /** How long the version may be held; 0 where that is not the event's business. */
  readonly life: Nanoseconds
}

/** Their numbers are what is sent. */
export const EVENT_KINDS = [
  'set began',
  'delete began',
  'write succeeded',
  'write failed',
  'load began',
  'load stored',
  'load failed',
  'read',
  'foreign read',
  'degraded read',
  'stalled read',
  'unordered set began',
  'unordered delete began',
  'process ended',
] as const
export type EventKind = (typeof EVENT_KINDS)[number]

const KIND_NUMBERS = Object.fromEntries(
  EVENT_KINDS.map((kind, number) => [kind, number]),
) as Record<EventKind, number>

const EVENT_BYTES = 32
const DOUBLES = EVENT_BYTES / 8
const WORDS = EVENT_BYTES / 4

/** Events in the order of their ends, in one piece of memory. */
export class EventBatch {
  readonly length: number
  readonly #bytes: Uint8Array<ArrayBuffer>
  readonly #doubles: Float64Array
  readonly #words: Uint32Array

  /** @param bytes - whole events, or room for them, at the beginning of a buffer of their own */
  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.length = bytes.length / EVENT_BYTES
    this.#bytes = bytes
    this.#doubles = new Float64Array(bytes.buffer, bytes.byteOffset, this.length * DOUBLES)
    this.#words = new Uint32Array(bytes.buffer, bytes.byteOffset, this.length * WORDS)
  }

  static withRoomFor(events: number): EventBatch {
    return new EventBatch(new Uint8Array(events * EVENT_BYTES))
  }

  /** A copy of the first events, to be sent. */
  take(events: number): Uint8Array {
    return this.#bytes.slice(0, events * EVENT_BYTES)
  }

  put(index: number, event: CoherenceEvent): void {
    const double = index * DOUBLES
    this.#doubles[double] = event.start
    this.#doubles[double + 1] = event.end
    this.#doubles[double + 2] = event.life
    const word = index * WORDS + 6
    this.#words[word] = event.number
    this.#words[word + 1] = KIND_NUMBERS[event.kind] | (event.writer << 8) | (event.key << 16)
  }

  endOf(index: number): Nanoseconds {
    return this.#doubles[index * DOUBLES + 1] ?? Number.POSITIVE_INFINITY
  }

  at(index: number): CoherenceEvent {
    const double = index * DOUBLES
    const word = index * WORDS + 6
    const packed = this.#words[word + 1] ?? 0
    return {
      kind: EVENT_KINDS[packed & 0xff] ?? 'read',
      key: packed >>> 16,
      writer: (packed >>> 8) & 0xff,
      number: this.#words[word] ?? 0,
      start: this.#doubles[double] ?? 0,
      end: this.#doubles[double + 1] ?? 0,
      life: this.#doubles[double + 2] ?? 0,
    }
  }
}
