import type { Answered, RequestBody } from './reply.js'

/** An event of a stream. */
export interface WireEvent {
  readonly event?: string
  /** JSON, or a text that is sent as it is. */
  readonly data: object | string
}

/** The form of answers in a protocol. */
export interface Wire {
  whole(answered: Answered): object
  events(answered: Answered, body: RequestBody): readonly WireEvent[]
  /** The event by which a stream reports an error. */
  readonly error: WireEvent
}

export function eventText({ event, data }: WireEvent): string {
  const name = event === undefined ? '' : `event: ${event}\n`
  return `${name}data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`
}
