import { InfrastructureError, timers } from '@verbatim/cache-core'
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
 * @throws InfrastructureError (`UNREADABLE`) that says what was wrong with it, without the address
 */
export async function fetchReading(url: string): Promise<Reading> {
  const page = await fetchPage(metricsUrl(url))
  const takenAt = timers.now()
  try {
    if (/^\s*[[{]/.test(page)) return readExport(JSON.parse(page), takenAt)
    if (page.includes(PREFIX)) return readPrometheus(page, takenAt)
  } catch (error) {
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
    throw error instanceof InfrastructureError
      ? error
      : unreadable('the page does not answer', error)
  }
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
