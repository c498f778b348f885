import type { Nanoseconds } from '../clock.js'
import type { CoherenceEvent, EventBatch } from './event-batch.js'

/** Receives the events of all processes in the order of their ends. */
export type EventSink = (process: number, event: CoherenceEvent) => void

/** The unread events of one process. */
class Stream {
  readonly #batches: EventBatch[] = []
  #next = 0
  /** End of the next event. `Infinity` without one. */
  nextEnd: Nanoseconds = Number.POSITIVE_INFINITY
  /** Time until which all events of the process have arrived. */
  completeUntil: Nanoseconds = 0

  add(batch: EventBatch): void {
    if (batch.length === 0) return
    this.#batches.push(batch)
    if (this.#batches.length === 1) this.nextEnd = batch.endOf(0)
  }

  take(): CoherenceEvent | undefined {
    const [batch] = this.#batches
    const event = batch?.at(this.#next)
    this.#next++
    if (this.#next === batch?.length) {
      this.#batches.shift()
      this.#next = 0
    }
    this.nextEnd = this.#batches[0]?.endOf(this.#next) ?? Number.POSITIVE_INFINITY
    return event
  }
}

/** Merges the logs of several processes into one order, as far as all of them are complete. */
export class EventMerge {
  readonly #streams: readonly Stream[]
  readonly #sink: EventSink

  constructor(processes: number, sink: EventSink) {
    this.#streams = Array.from({ length: processes }, () => new Stream())
    this.#sink = sink
  }

  /**
   * Adds a batch.
   *
   * @param completeUntil - time until which all events of the process have been added
   */
  add(process: number, batch: EventBatch, completeUntil: Nanoseconds): void {
    const stream = this.#streams[process]
    if (stream === undefined) return
    stream.add(batch)
    stream.completeUntil = completeUntil
  }

  /** Waits for the events of a process again. */
  open(process: number, at: Nanoseconds): void {
    const stream = this.#streams[process]
    if (stream !== undefined) stream.completeUntil = at
  }

  /** Stops waiting for a process that logs no more events. */
  close(process: number): void {
    const stream = this.#streams[process]
    if (stream !== undefined) stream.completeUntil = Number.POSITIVE_INFINITY
  }

  /** Passes on the events until the time at which all logs are complete. Returns their number. */
  advance(): number {
    const until = Math.min(...this.#streams.map(({ completeUntil }) => completeUntil))
    let handedOn = 0
    while (true) {
      const process = this.#earliest()
      const stream = this.#streams[process]
      if (stream === undefined || stream.nextEnd > until) return handedOn
      const event = stream.take()
      if (event === undefined) return handedOn
      this.#sink(process, event)
      handedOn++
    }
  }

  #earliest(): number {
    let earliest = 0
    let earliestEnd = Number.POSITIVE_INFINITY
    for (let process = 0; process < this.#streams.length; process++) {
      const { nextEnd = earliestEnd } = this.#streams[process] ?? {}
      if (nextEnd >= earliestEnd) continue
      earliest = process
      earliestEnd = nextEnd
    }
    return earliest
  }
}
