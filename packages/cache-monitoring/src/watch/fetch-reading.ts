import { InfrastructureError, ValidationError } from '@verbatim/cache-core'
import { invalidArgument, timers } from '@verbatim/cache-core/implement'
import { PREFIX, readExport, readPrometheus } from './read-page.js'
import type { Reading } from './reading.js'

const TIMEOUT_MS = 5_000
const NO_METRICS = 'the page contains no metrics of a cache'

/**
 * Reads a page with the export of a monitor as JSON, a list of exports, or metrics in the text format of
 * Prometheus. Adds up several caches on one page. Sends a name and a password in the address by HTTP basic
 * authentication.
 *
 * @throws ValidationError (`INVALID_ARGUMENT`) for anything but an http:// or https:// address. The message
 * does not contain the address
 * @throws InfrastructureError (`UNREADABLE`) with the reason. The message contains the host and the code of a
 * failed connection, and nothing else of the address
 * @example
 * ```ts
 * const view = new MonitorView({ title: 'my service' })
 * console.log(view.draw(await fetchReading('http://127.0.0.1:3000/metrics')))
 * ```
 */
export async function fetchReading(url: string): Promise<Reading> {
  const page = await fetchPage(metricsUrl(url))
  const takenAt = timers.now()
  try {
    if (/^\s*[[{]/.test(page)) return readExport(JSON.parse(page), takenAt)
    if (page.includes(PREFIX)) return readPrometheus(page, takenAt)
  } catch (error) {
    if (error instanceof ValidationError) {
      throw unreadable(`the page contains impossible metrics: ${error.message}`, error)
    }
    throw unreadable(NO_METRICS, error)
  }
  throw unreadable(NO_METRICS)
}

async function fetchPage(url: string): Promise<string> {
  const { username, password, href } = partsOf(url)
  const headers = username === '' ? {} : { authorization: basic(username, password) }
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS)
    const response = await fetch(href, { headers, signal })
    if (response.ok) return await response.text()
    throw unreadable(`the page responds with status ${response.status}`)
  } catch (error) {
    if (error instanceof InfrastructureError) throw error
    throw unreadable(unreachable(new URL(href).host, error), error)
  }
}

/** Returns why a host did not respond, with the code of the error. */
function unreachable(host: string, error: unknown): string {
  const { name, cause } = Object(error) as { readonly name?: unknown; readonly cause?: unknown }
  if (name === 'TimeoutError')
    return `${host} does not respond within ${TIMEOUT_MS / 1_000} seconds`
  const reason = Object(cause) as Readonly<Partial<Record<'name' | 'code' | 'message', unknown>>>
  const { message } = reason
  // Since Node 24, an error of the HTTP parser has no code.
  const code = reason.code ?? (reason.name === 'HTTPParserError' ? reason.name : undefined)
  if (message === 'bad port') return `${host} has a port that is blocked for HTTP`
  if (typeof code !== 'string') return `${host} does not respond`
  if (/^(?:ENOTFOUND|EAI_AGAIN)$/.test(code)) return `the host of ${host} cannot be found (${code})`
  if (code === 'ECONNREFUSED') return `${host} refuses connections (${code})`
  if (/^(?:HPE_\w+|HTTPParserError|UND_ERR_SOCKET|ECONNRESET)$/.test(code)) {
    return `${host} does not respond with HTTP (${code})`
  }
  return `${host} does not respond (${code})`
}

function partsOf(url: string): { username: string; password: string; href: string } {
  const parts = new URL(url)
  const { username, password } = parts
  parts.username = ''
  parts.password = ''
  return { username, password, href: parts.href }
}

function basic(username: string, password: string): string {
  const credentials = `${decoded(username)}:${decoded(password)}`
  return `Basic ${Buffer.from(credentials).toString('base64')}`
}

/** Decodes a text, in which a `%` without a valid escape sequence is a character. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function unreadable(message: string, cause?: unknown): InfrastructureError {
  return new InfrastructureError(message, { code: 'UNREADABLE', cause })
}

/** An address for messages and examples. */
export const SOME_PAGE = 'http://127.0.0.1:3000/metrics'

/**
 * Returns the address of a page with metrics, without surrounding spaces.
 *
 * @throws ValidationError (`INVALID_ARGUMENT`) without the address, which may contain a password
 */
export function metricsUrl(value: unknown): string {
  if (typeof value !== 'string') throw invalidArgument('url', 'a string', value)
  const url = value.trim()
  if (!/^https?:\/\//i.test(url)) {
    const received = /^[a-z][a-z0-9+.-]*:\/\//i.test(url) ? 'another scheme' : 'no http://'
    const rule = `an address that begins with http:// or https://, such as ${SOME_PAGE}`
    throw invalidArgument('url', rule, url, { received })
  }
  if (URL.canParse(url)) return url
  const rule = `an address with a host and, if any, a port from 0 to 65535, such as ${SOME_PAGE}`
  throw invalidArgument('url', rule, url, { received: 'another text' })
}
