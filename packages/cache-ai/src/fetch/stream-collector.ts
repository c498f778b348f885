import type { RefusalReason } from '../model-calls/call-status.js'
import type { Decision } from '../model-calls/model-calls.js'
import { EventReader } from './event-reader.js'
import type { Protocol, StreamEvent } from './protocols/protocol.js'
import type { HttpAnswer } from './replayed-body.js'

/** Types of the events that end an answer. OpenAI also ends its answers with a marker. */
const LAST_EVENTS: ReadonlySet<unknown> = new Set(['message_stop', 'response.completed'])

/** Collects the bytes of a stream into an answer. */
export class StreamCollector {
  readonly #protocol: Protocol
  readonly #reader = new EventReader()
  readonly #events: StreamEvent[] = []
  #refusal: RefusalReason | undefined

  constructor(protocol: Protocol) {
    this.#protocol = protocol
  }

  /** Whether the stream has reported an error. */
  get hasFailed(): boolean {
    return this.#refusal === 'error'
  }

  /** Whether the last event has arrived. Google has no such event. */
  get hasEnded(): boolean {
    const data = this.#events.at(-1)?.data
    return data === '[DONE]' || LAST_EVENTS.has(data?.['type'])
  }

  add(bytes: Uint8Array): void {
    this.#add(() => this.#reader.read(bytes))
  }

  /** Returns the answer after the end of the stream, or why it must not be stored. */
  end(): Decision<HttpAnswer> {
    if (!this.hasEnded) this.#add(() => this.#reader.end())
    if (this.#refusal !== undefined) return { refusal: this.#refusal }
    const events = this.#events
    const body = this.#protocol.assemble?.(events) ?? 'unsupported_part'
    return typeof body === 'string' ? { refusal: body } : { answer: { body, events } }
  }

  #add(read: () => readonly StreamEvent[]): void {
    if (this.#refusal !== undefined) return
    try {
      const more = read()
      this.#events.push(...more)
      if (more.some(isError)) this.#refusal = 'error'
    } catch {
      this.#refusal = 'incomplete'
    }
  }
}

/** Returns whether an event reports an error. Some servers send `error: null` with every event. */
function isError({ event, data }: StreamEvent): boolean {
  if (event === 'error') return true
  return data !== '[DONE]' && (data['type'] === 'error' || Boolean(data['error']))
}
