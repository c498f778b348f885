import { freshIds } from '../model-calls/tool-call-ids.js'
import { type Json, objectOf, type Protocol, type StreamEvent } from './protocols/protocol.js'

/** A stored answer of a provider. */
export interface HttpAnswer {
  /** The body without streaming. */
  readonly body: Json
  /** The events of the stream; absent for an answer that was not streamed. */
  readonly events?: readonly StreamEvent[] | undefined
}

/** Returns a stored answer as a body, with new ids of tool calls and without tokens. */
export function bodyText(protocol: Protocol, { body }: HttpAnswer): string {
  return renamed(protocol, body, JSON.stringify(withoutUsage(body)))
}

/** Returns a stored answer as the events of a stream, or `undefined` if a stream cannot hold it. */
export function eventsOf(
  protocol: Protocol,
  { body, events }: HttpAnswer,
  request: Json,
): readonly StreamEvent[] | undefined {
  return fitting(events, body, request) ?? protocol.toEvents?.(body, request)
}

/** Returns the events of a stored answer as text, with new ids of tool calls and without tokens. */
export function eventText(
  protocol: Protocol,
  { body }: HttpAnswer,
  events: readonly StreamEvent[],
): string {
  const rename = renamer(protocol, body)
  let text = ''
  for (const { event, data } of events) {
    if (event !== undefined) text += `event: ${event}\n`
    text += `data: ${data === '[DONE]' ? data : rename(JSON.stringify(withoutUsage(data)))}\n\n`
  }
  return text
}

/** Returns the stored events, if they have the chunk with the tokens exactly when the request wants it. */
function fitting(
  events: readonly StreamEvent[] | undefined,
  body: Json,
  request: Json,
): readonly StreamEvent[] | undefined {
  if (events === undefined || !Array.isArray(body['choices'])) return events
  const wantsUsage = objectOf(request['stream_options'])['include_usage'] === true
  const isUsage = ({ data }: StreamEvent): boolean =>
    data !== '[DONE]' &&
    Array.isArray(data['choices']) &&
    data['choices'].length === 0 &&
    Boolean(data['usage'])
  if (wantsUsage) return events.some(isUsage) ? events : undefined
  return events.filter((event) => !isUsage(event))
}

function renamed(protocol: Protocol, body: Json, text: string): string {
  return renamer(protocol, body)(text)
}

/** Returns a function that gives the tool calls of a body new ids, wherever JSON names them. */
function renamer(protocol: Protocol, body: Json): (text: string) => string {
  const ids = new Set(protocol.toolCallIds?.(body).filter((id) => id !== ''))
  const names = freshIds()
  return (text) => {
    let changed = text
    for (const id of ids)
      changed = changed.replaceAll(JSON.stringify(id), () => JSON.stringify(names.rename(id)))
    return changed
  }
}

/** Returns a value without the numbers in its token counts. A stored answer used no tokens. */
function withoutUsage(body: Json): Json {
  const changed: Record<string, unknown> = { ...body }
  for (const name of ['usage', 'usageMetadata'])
    if (body[name] !== undefined && body[name] !== null) changed[name] = zeroed(body[name])
  for (const name of ['response', 'message'])
    if (objectOf(body[name])['usage'] !== undefined)
      changed[name] = withoutUsage(objectOf(body[name]))
  return changed
}

function zeroed(value: unknown): unknown {
  if (typeof value === 'number') return 0
  if (Array.isArray(value)) return value.map(zeroed)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, zeroed(item)]))
}
