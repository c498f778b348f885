import { DelayLine } from './delay-line.js'
import { type Flowing, sizeOf } from './flowing.js'
import type { NetworkFaults } from './network-faults.js'
import { Queue } from './queue.js'

/** One direction of one connection, with the faults of the network: delay, hole, narrow, sliced. */
export class Lane {
  readonly #direction: 'up' | 'down'
  readonly #faults: NetworkFaults
  readonly #deliver: (item: Flowing) => void
  readonly #underWay = new DelayLine<Flowing>((item) => {
    this.#queue.push(item)
    this.#move()
  })
  readonly #queue = new Queue<Flowing>()
  /** How much of the queue's head has been delivered. */
  #headDelivered = 0
  #queuedBytes = 0
  #hasLostBytes = false
  /** When the next piece may go, once that is known. */
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
      if (head === undefined || hole === 'held') return
      if (typeof head === 'string') {
        // A hole takes the news that a connection ended, too; but the proxy is to close it some day.
        if (hole === 'lost') return
        this.#queue.shift()
        this.#deliver(head)
      } else if (hole === 'lost' || this.#hasLostBytes) {
        // Bytes after a gap would be taken for the ones before: TCP never does that.
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
    // Pieces sent in one go would be glued together again.
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
