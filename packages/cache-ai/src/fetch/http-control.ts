import type { CallControl } from '../model-calls/call-control.js'
import { BypassError, type CallReport } from '../model-calls/call-status.js'

const DURATIONS = { 'max-age': 'maxAge', 'stale-while-revalidate': 'staleWhileRevalidate' } as const
const FLAGS = {
  'no-store': 'noStore',
  'no-cache': 'refresh',
  'only-if-cached': 'onlyIfCached',
} as const
const CONTROL_HEADERS = [
  ...(['cache-control', 'x-cache-ttl', 'x-cache-tags', 'x-cache-variant'] as const),
  'x-cache-operation',
] as const

/** The headers of a request. */
export type HeaderReader = Pick<Headers, 'get'>

/** Returns the headers of a request without those for the cache. */
export function forProvider(given: Headers): Headers {
  const headers = new Headers(given)
  for (const name of CONTROL_HEADERS) headers.delete(name)
  return headers
}

/** Returns the options for the cache in the headers of a request. */
export function controlIn(given: HeaderReader): CallControl {
  const control: Record<string, unknown> = {}
  for (const directive of (given.get('cache-control') ?? '').split(',')) {
    const [name = '', value] = directive.trim().toLowerCase().split('=')
    if (name in FLAGS) control[FLAGS[name as keyof typeof FLAGS]] = true
    else if (name in DURATIONS) control[DURATIONS[name as keyof typeof DURATIONS]] = seconds(value)
  }
  const ttl = given.get('x-cache-ttl')
  if (ttl !== null) control['ttl'] = /^\d+(\.\d+)?$/.test(ttl) ? Number(ttl) : ttl
  const tags = given.get('x-cache-tags')
  if (tags !== null)
    control['tags'] = tags
      .split(',')
      .map((tag) => tag.trim())
      .filter((tag) => tag !== '')
  const variant = given.get('x-cache-variant')
  if (variant !== null) control['variant'] = variant
  const operation = given.get('x-cache-operation')
  if (operation !== null) control['operation'] = operation
  return control
}

/** Returns seconds, also of a number in quotes, or `NaN` for anything else. */
function seconds(value = ''): number {
  return /^"?\d+"?$/.test(value) ? Number(value.replaceAll('"', '')) : Number.NaN
}

const FORWARDED: Readonly<Record<string, string>> = {
  MISS: 'fwd=miss',
  COALESCED: 'fwd=miss; collapsed',
  REFRESH: 'fwd=request',
  BYPASS: 'fwd=bypass',
}

/** Returns the headers that say how a request was served: `x-cache`, and `Cache-Status` of RFC 9211. */
export function reportHeaders({
  status,
  reason,
  path,
  key,
  ageMs,
}: CallReport): Record<string, string> {
  const age = ageMs === undefined ? undefined : Math.floor(ageMs / 1_000)
  const parts = [
    'verbatim',
    FORWARDED[status] ?? 'hit',
    ...(key === undefined ? [] : [`key="${key}"`]),
    ...(reason === undefined ? [] : [`detail=${reason}`]),
  ]
  return {
    'x-cache': status,
    'cache-status': parts.join('; '),
    ...(key !== undefined && { 'x-cache-key': key }),
    ...(reason !== undefined && {
      'x-cache-reason': path === undefined ? reason : `${reason} ${path}`,
    }),
    ...(age !== undefined && { age: String(age) }),
  }
}

/** Returns the headers of a response whose body is decoded, with those that say how it was served. */
export function reportedHeaders(given: Headers, report: CallReport): Headers {
  const headers = new Headers(given)
  // The provider may be behind another cache of this kind.
  for (const name of ['content-encoding', 'content-length', 'transfer-encoding', 'x-cache-reason'])
    headers.delete(name)
  for (const [name, value] of Object.entries(reportHeaders(report))) headers.set(name, value)
  return headers
}

/** @throws BypassError for a body that is not JSON */
export function parseBody(text: string): Readonly<Record<string, unknown>> {
  let body: unknown
  try {
    body = JSON.parse(text) as unknown
  } catch {
    throw new BypassError('unknown_request')
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new BypassError('unknown_request')
  return body as Readonly<Record<string, unknown>>
}
