import type { Json, StreamEvent } from './protocols/protocol.js'

/** An empty line, which ends an event. Each of its two line breaks may have any of the three forms. */
const END_OF_EVENT = /(?:\r\n|\n|\r(?!\n)){2}/

/** Reads server-sent events from bytes that arrive in any pieces. */
export class EventReader {
  readonly #decoder = new TextDecoder()
  #rest = ''

  /**
   * Returns the events that are complete after these bytes.
   *
   * @throws SyntaxError for data that is neither an object of JSON nor the end marker
   */
  read(bytes: Uint8Array): StreamEvent[] {
    const text = this.#rest + this.#decoder.decode(bytes, { stream: true })
    const blocks = text.split(END_OF_EVENT)
    this.#rest = blocks.pop() ?? ''
    return blocks.flatMap((block) => eventOf(block) ?? [])
  }

  /**
   * Returns the last event, which some servers send without an empty line.
   *
   * @throws SyntaxError for a stream that ended inside an event
   */
  end(): StreamEvent[] {
    const rest = this.#rest + this.#decoder.decode()
    if (rest.trim() === '') return []
    const event = eventOf(rest)
    if (event === undefined) throw new SyntaxError('the stream ended inside an event')
    return [event]
  }
}

/** @throws SyntaxError for data that is neither an object of JSON nor the end marker */
function eventOf(block: string): StreamEvent | undefined {
  let event: string | undefined
  const data: string[] = []
  for (const line of block.split(/\r\n|\n|\r/)) {
    const [, field = '', value = ''] = /^([^:]*):? ?(.*)$/s.exec(line) ?? []
    if (field === 'event') event = value
    else if (field === 'data') data.push(value)
  }
  const text = data.join('\n')
  // Comments and events without data keep the connection open.
  if (text === '') return undefined
  if (text === '[DONE]') return { event, data: text }
  const value: unknown = JSON.parse(text)
  if (typeof value !== 'object' || value === null)
    throw new SyntaxError('the data must be an object')
  return { event, data: value as Json }
}
