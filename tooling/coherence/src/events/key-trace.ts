import { MILLISECOND, type Nanoseconds } from '../clock.js'
import type { CoherenceEvent } from './event-batch.js'

interface Traced {
  readonly process: number
  readonly event: CoherenceEvent
}

/** The latest events of each key, to explain a violation. */
export class KeyTrace {
  readonly #length: number
  readonly #byKey = new Map<number, Traced[]>()

  /**
   * Creates a trace.
   *
   * @param length - number of events per key; 0 for none
   */
  constructor(length: number) {
    this.#length = length
  }

  add(process: number, event: CoherenceEvent): void {
    if (this.#length === 0) return
    const traced = this.#byKey.get(event.key) ?? []
    this.#byKey.set(event.key, traced)
    traced.push({ process, event })
    if (traced.length >= 2 * this.#length) traced.splice(0, this.#length)
  }

  /** Returns the events in the order of their ends, in milliseconds since the given time. */
  describe(key: number, since: Nanoseconds): string {
    const traced = this.#byKey.get(key)?.slice(-this.#length) ?? []
    return traced.map(({ process, event }) => lineOf(process, event, since)).join('\n')
  }
}

function lineOf(process: number, event: CoherenceEvent, since: Nanoseconds): string {
  const { kind, start, end, writer, number } = event
  const times = [start, end].map((at) => ((at - since) / MILLISECOND).toFixed(3).padStart(11))
  return `  | ${times.join(' ..')}  process ${process} ${kind} ${writer}#${number}`
}
