import { InfrastructureError, timers, ValidationError } from '@verbatim/cache-core'
import { metricsUrl } from './metrics-url.js'
import { readExport } from './read-export.js'
import { PREFIX, readPrometheus } from './read-prometheus.js'
import type { Reading } from './reading.js'

const PATIENCE_MS = 5_000
const NO_METRICS = 'the page holds no metrics of a cache'

/**
 * Reads a page that holds an export of a monitor as JSON, a list of exports, or metrics in Prometheus's
 * text format. Several caches on one page are added up. A name and a password in the address are sent as
 * HTTP's basic authentication.
 *
 * @throws ValidationError for anything but an http:// or https:// address, without the address
 * @throws InfrastructureError (`UNREADABLE`) that says what was wrong with it, with the host and the code
 * of a failed connection, without the rest of the address
 */
export async function fetchReading(url: string): Promise<Reading> {
  const page = await fetchPage(metricsUrl(url))
  const takenAt = timers.now()
  try {
    if (/^\s*[[{]/.test(page)) return readExport(JSON.parse(page), takenAt)
    if (page.includes(PREFIX)) return readPrometheus(page, takenAt)
  } catch (error) {
    if (error instanceof ValidationError) {
      throw unreadable(`the page holds unusable metrics: ${error.message}`, error)
    }
    throw unreadable(NO_METRICS, error)
  }
  throw unreadable(NO_METRICS)
}

async function fetchPage(url: string): Promise<string> {
  const { username, password, href } = partsOf(url)
  const headers = username === '' ? {} : { authorization: basic(username, password) }
  try {
    const signal = AbortSignal.timeout(PATIENCE_MS)
    const response = await fetch(href, { headers, signal })
    if (response.ok) return await response.text()
    throw unreadable(`the page answers ${response.status}`)
  } catch (error) {
    if (error instanceof InfrastructureError) throw error
    throw unreadable(unreachable(new URL(href).host, error), error)
  }
}

/** Returns why a host did not answer a request, with the code of the error. */
function unreachable(host: string, error: unknown): string {
  const { name, cause } = Object(error) as { readonly name?: unknown; readonly cause?: unknown }
  if (name === 'TimeoutError')
    return `${host} does not answer within ${PATIENCE_MS / 1_000} seconds`
  const { code, message } = Object(cause) as { readonly code?: unknown; readonly message?: unknown }
  if (message === 'bad port') return `${host} has a port that is blocked for HTTP`
  if (typeof code !== 'string') return `${host} does not answer`
  if (/^(?:ENOTFOUND|EAI_AGAIN)$/.test(code)) return `the host of ${host} cannot be found (${code})`
  if (code === 'ECONNREFUSED') return `${host} refuses connections (${code})`
  if (/^(?:HPE_\w+|UND_ERR_SOCKET|ECONNRESET)$/.test(code)) {
    return `${host} does not answer with HTTP (${code})`
  }
  return `${host} does not answer (${code})`
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

/** A `%` that begins no valid escape sequence is a character of the password. */
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
