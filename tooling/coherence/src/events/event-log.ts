import { type CoherenceEvent, EventBatch } from './event-batch.js'

const EVENTS_PER_BATCH = 1_024

/** Collects the events of a process and sends them in batches. */
export class EventLog {
  readonly #send: (events: Uint8Array) => void
  readonly #batch = EventBatch.withRoomFor(EVENTS_PER_BATCH)
  #length = 0

  constructor(send: (events: Uint8Array) => void) {
    this.#send = send
  }

  add(event: CoherenceEvent): void {
    this.#batch.put(this.#length, event)
    this.#length++
    if (this.#length === EVENTS_PER_BATCH) this.flush()
  }

  /** Sends the collected events. An empty batch reports the progress of the log. */
  flush(): void {
    this.#send(this.#batch.take(this.#length))
    this.#length = 0
  }
}
