import type { Json, StreamEvent } from './protocols/protocol.js'

/** Reads server-sent events from bytes that arrive in any pieces. */
export class EventReader {
  readonly #decoder = new TextDecoder()
  #rest = ''

  /** Returns the events that are complete after these bytes. */
  read(bytes: Uint8Array): StreamEvent[] {
    return this.#split(this.#decoder.decode(bytes, { stream: true }))
  }

  /** Returns whether the stream ended between two events. */
  get isBetweenEvents(): boolean {
    return this.#rest.trim() === ''
  }

  #split(text: string): StreamEvent[] {
    const blocks = (this.#rest + text).split(/\r\n\r\n|\n\n|\r\r/)
    this.#rest = blocks.pop() ?? ''
    return blocks.flatMap((block) => eventOf(block) ?? [])
  }
}

/** @throws SyntaxError for data that is neither JSON nor the end marker */
function eventOf(block: string): StreamEvent | undefined {
  let event: string | undefined
  const data: string[] = []
  for (const line of block.split(/\r\n|\n|\r/)) {
    const [, field = '', value = ''] = /^([^:]*):? ?(.*)$/s.exec(line) ?? []
    if (field === 'event') event = value
    else if (field === 'data') data.push(value)
  }
  // Comments keep the connection open.
  if (data.length === 0) return undefined
  const text = data.join('\n')
  return { event, data: text === '[DONE]' ? text : (JSON.parse(text) as Json) }
}
