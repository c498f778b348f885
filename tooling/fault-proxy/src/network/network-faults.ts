import type { DelayOptions, Direction, SliceOptions } from '../control.js'
import type { Corruption } from './corruption.js'

/** Duration of one piece with limited bandwidth. It is short, so that connections take turns. */
const PIECE_MS = 10
/** Time that late timers can catch up. Without it, the network would be slower than the limit. */
const CATCH_UP_MS = 25

/** The faults of the network between the clients and the proxy. All connections share them. */
export class NetworkFaults {
  delay: DelayOptions | undefined
  bytesPerSecond: number | undefined
  hole: { readonly direction: Direction; readonly bytes: 'lost' | 'delayed' } | undefined
  slices: SliceOptions | undefined
  cutAfterBytes: number | undefined
  corruption: Corruption | undefined
  /** Time at which the network can transmit the next piece. */
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

  /** Returns the delay of the next chunk in milliseconds. */
  delayOf(direction: 'up' | 'down'): number {
    if (this.delay === undefined || !covers(this.delay.direction, direction)) return 0
    return this.delay.milliseconds + Math.random() * (this.delay.jitter ?? 0)
  }

  holeOf(direction: 'up' | 'down'): 'lost' | 'delayed' | undefined {
    return covers(this.hole?.direction, direction) ? this.hole?.bytes : undefined
  }

  /** Returns the largest number of bytes in one piece. */
  pieceSize(direction: 'up' | 'down'): number {
    const share = ((this.bytesPerSecond ?? Number.POSITIVE_INFINITY) * PIECE_MS) / 1_000
    const slice = direction === 'down' ? (this.slices?.bytes ?? share) : share
    return Math.max(1, Math.min(Math.floor(share), slice))
  }

  /** Reserves the network for a number of bytes. Returns the time at which they are transmitted. */
  bookTurn(direction: 'up' | 'down', bytes: number): number {
    if (this.bytesPerSecond === undefined) return 0
    const startsAt = Math.max(performance.now() - CATCH_UP_MS, this.#freeAt[direction])
    this.#freeAt[direction] = startsAt + (bytes / this.bytesPerSecond) * 1_000
    return this.#freeAt[direction]
  }
}

const covers = (faulty: Direction | undefined = 'both', direction: 'up' | 'down'): boolean =>
  faulty === 'both' || faulty === direction
