import type { Nanoseconds } from '../clock.js'

/**
 * An event that a process logs and the checker reads. It has 32 bytes. Events are ordered by `end`,
 * the time at which they were logged.
 */
export interface CoherenceEvent {
  readonly kind: EventKind
  readonly key: number
  /** Writer of the version. */
  readonly writer: number
  readonly number: number
  /** Equal to `end` for an event without a duration. */
  readonly start: Nanoseconds
  readonly end: Nanoseconds
  /** TTL of the version. 0 for events without one. */
  readonly ttl: Nanoseconds
}

/** Kinds of events. A batch contains their index. */
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

/** Events in the order of their ends, in one buffer. */
export class EventBatch {
  readonly length: number
  readonly #bytes: Uint8Array<ArrayBuffer>
  readonly #doubles: Float64Array
  readonly #words: Uint32Array

  /**
   * Creates a batch.
   *
   * @param bytes - complete events, or room for events, at the start of a separate buffer
   */
  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.length = bytes.length / EVENT_BYTES
    this.#bytes = bytes
    this.#doubles = new Float64Array(bytes.buffer, bytes.byteOffset, this.length * DOUBLES)
    this.#words = new Uint32Array(bytes.buffer, bytes.byteOffset, this.length * WORDS)
  }

  static withRoomFor(events: number): EventBatch {
    return new EventBatch(new Uint8Array(events * EVENT_BYTES))
  }

  /** Returns a copy of the first events, to be sent. */
  take(events: number): Uint8Array {
    return this.#bytes.slice(0, events * EVENT_BYTES)
  }

  put(index: number, event: CoherenceEvent): void {
    const double = index * DOUBLES
    this.#doubles[double] = event.start
    this.#doubles[double + 1] = event.end
    this.#doubles[double + 2] = event.ttl
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
      ttl: this.#doubles[double + 2] ?? 0,
    }
  }
}
