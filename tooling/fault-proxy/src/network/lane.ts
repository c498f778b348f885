import { DelayLine } from './delay-line.js'
import { type Flowing, sizeOf } from './flowing.js'
import type { NetworkFaults } from './network-faults.js'
import { Queue } from './queue.js'

/** One direction of a connection with the faults of the network: delay, hole, bandwidth and slices. */
export class Lane {
  readonly #direction: 'up' | 'down'
  readonly #faults: NetworkFaults
  readonly #deliver: (item: Flowing) => void
  readonly #underWay = new DelayLine<Flowing>((item) => {
    this.#queue.push(item)
    this.#move()
  })
  readonly #queue = new Queue<Flowing>()
  /** Number of delivered bytes of the first item in the queue. */
  #headDelivered = 0
  #queuedBytes = 0
  #hasLostBytes = false
  /** Time at which the next piece may be delivered, if known. */
  #turn: number | undefined
  #waiting: { readonly stop: () => void } | undefined

  constructor(direction: 'up' | 'down', faults: NetworkFaults, deliver: (item: Flowing) => void) {
    this.#direction = direction
    this.#faults = faults
    this.#deliver = deliver
  }

  get queuedBytes(): number {
    return this.#queuedBytes
  }

  push(item: Flowing): void {
    this.#queuedBytes += sizeOf(item)
    this.#underWay.push(item, this.#faults.delayOf(this.#direction))
  }

  faultsChanged(): void {
    this.#stopWaiting()
    this.#turn = undefined
    if (this.#faults.delay === undefined) this.#underWay.flush()
    this.#move()
  }

  dispose(): void {
    this.#stopWaiting()
    this.#underWay.clear()
    this.#queue.clear()
    this.#queuedBytes = 0
  }

  #move(): void {
    while (this.#waiting === undefined) {
      const head = this.#queue.head
      const hole = this.#faults.holeOf(this.#direction)
      if (head === undefined || hole === 'delayed') return
      if (typeof head === 'string') {
        // A hole also delays the end of a connection, so that the proxy can close it after `pass()`.
        if (hole === 'lost') return
        this.#queue.shift()
        this.#deliver(head)
      } else if (hole === 'lost' || this.#hasLostBytes) {
        // TCP never delivers bytes after a gap.
        this.#hasLostBytes = true
        this.#finishHead(head)
      } else this.#movePiece(head)
    }
  }

  #movePiece(head: Buffer): void {
    const size = this.#faults.pieceSize(this.#direction)
    const start = this.#headDelivered
    const end = Math.min(start + size, head.length)
    this.#turn ??= this.#faults.bookTurn(this.#direction, end - start)
    const wait = this.#turn === 0 ? 0 : this.#turn - performance.now()
    if (wait > 0) {
      this.#moveLater(wait)
      return
    }
    this.#turn = undefined
    if (end === head.length) this.#finishHead(head)
    else {
      this.#headDelivered = end
      this.#queuedBytes -= end - start
    }
    const { slices } = this.#faults
    // The reader would receive pieces of one turn as one piece.
    if (slices !== undefined) this.#moveLater(slices.pauseMilliseconds ?? 1)
    this.#deliver(start === 0 && end === head.length ? head : head.subarray(start, end))
  }

  #finishHead(head: Buffer): void {
    this.#queue.shift()
    this.#queuedBytes -= head.length - this.#headDelivered
    this.#headDelivered = 0
  }

  #moveLater(milliseconds: number): void {
    const move = (): void => {
      this.#waiting = undefined
      this.#move()
    }
    if (milliseconds > 0) {
      const timer = setTimeout(move, milliseconds)
      this.#waiting = { stop: () => clearTimeout(timer) }
    } else {
      const immediate = setImmediate(move)
      this.#waiting = { stop: () => clearImmediate(immediate) }
    }
  }

  #stopWaiting(): void {
    this.#waiting?.stop()
    this.#waiting = undefined
  }
}
