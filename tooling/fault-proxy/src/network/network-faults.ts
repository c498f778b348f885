import type { DelayOptions, Direction, SliceOptions } from '../control.js'
import type { Corruption } from './corruption.js'

/** How long one piece takes when bandwidth is scarce: small, so that connections take turns. */
const PIECE_MS = 10
/** Lost to late timers at most; without it the link would be slower than asked for. */
const CATCH_UP_MS = 25

/** How bytes fare between the clients and the proxy. Shared by all connections, as a cable is. */
export class NetworkFaults {
  delay: DelayOptions | undefined
  bytesPerSecond: number | undefined
  hole: { readonly direction: Direction; readonly meanwhile: 'lost' | 'held' } | undefined
  slices: SliceOptions | undefined
  cutAfterBytes: number | undefined
  corruption: Corruption | undefined
  /** When the link will be free for one more piece. */
  readonly #freeAt = { up: 0, down: 0 }

  heal(): void {
    this.delay = undefined
    this.bytesPerSecond = undefined
    this.hole = undefined
    this.slices = undefined
    this.cutAfterBytes = undefined
    this.corruption = undefined
    this.#freeAt.up = 0
    this.#freeAt.down = 0
  }

  /** How long the next chunk is under way, in milliseconds. */
  delayOf(direction: 'up' | 'down'): number {
    if (this.delay === undefined || !covers(this.delay.direction, direction)) return 0
    return this.delay.milliseconds + Math.random() * (this.delay.jitter ?? 0)
  }

  holeOf(direction: 'up' | 'down'): 'lost' | 'held' | undefined {
    return covers(this.hole?.direction, direction) ? this.hole?.meanwhile : undefined
  }

  /** The most bytes that go at once. */
  pieceSize(direction: 'up' | 'down'): number {
    const share = ((this.bytesPerSecond ?? Number.POSITIVE_INFINITY) * PIECE_MS) / 1_000
    const slice = direction === 'down' ? (this.slices?.bytes ?? share) : share
    return Math.max(1, Math.min(Math.floor(share), slice))
  }

  /** Answers when that many bytes will have gone over the link, which they then have taken. */
  bookTurn(direction: 'up' | 'down', bytes: number): number {
    if (this.bytesPerSecond === undefined) return 0
    const startsAt = Math.max(performance.now() - CATCH_UP_MS, this.#freeAt[direction])
    this.#freeAt[direction] = startsAt + (bytes / this.bytesPerSecond) * 1_000
    return this.#freeAt[direction]
  }
}

const covers = (faulty: Direction | undefined = 'both', direction: 'up' | 'down'): boolean =>
  faulty === 'both' || faulty === direction
