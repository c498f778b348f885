import { isIP } from 'node:net'
import type { ConfigurationError } from '@verbatim/cache-core'
import { describeReceived, invalidOption } from '@verbatim/cache-core/implement'
import type { TlsOptions } from '../security/security-config.js'

/** The address and login of a server: the options of the client that a URL contains. */
export interface RedisTarget {
  readonly host: string
  readonly port: number
  /** The path of a Unix socket, instead of host and port. */
  readonly path?: string
  readonly db: number
  readonly username?: string
  readonly password?: string
  readonly tls?: TlsOptions
}

/** The default server of commands, presets and examples. */
export const DEFAULT_REDIS_URL = 'redis://127.0.0.1:6379'

/** The form of a Redis URL, for messages. */
export const REDIS_URL_FORM: string =
  'redis://[user:password@]host[:port][/database], rediss:// for TLS, or unix:///path'

/** The option that contains a URL, and the default port. */
interface UrlPlace {
  readonly option?: string
  readonly defaultPort?: number
}

/**
 * Parses a Redis URL, strictly. The client's own parser is not used: it turns query parameters into options,
 * connects in plain text to `REDISS://`, and sends no server name over TLS.
 *
 * @throws ConfigurationError (`INVALID_REDIS_URL`) that never contains the URL, which may have a password
 */
export function parseRedisUrl(
  text: unknown,
  { option = 'redisUrl', defaultPort = 6_379 }: UrlPlace = {},
): RedisTarget {
  const url = typeof text === 'string' && URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined) throw invalidUrl(option, notAUrl(text))
  if (url.protocol === 'unix:') return parseSocketUrl(url, option)
  const secure = url.protocol === 'rediss:'
  if (!secure && url.protocol !== 'redis:') {
    // Of `user:password@host`, the user would be the scheme.
    const hasScheme = /^[a-z\d+.-]+:\/\//i.test((text as string).trim())
    throw invalidUrl(option, hasScheme ? `a URL with the scheme ${url.protocol}` : NO_SCHEME)
  }
  if (url.hostname === '') throw invalidUrl(option, 'a URL without a host')
  if (url.search !== '' || url.hash !== '') {
    throw invalidUrl(option, 'a URL with a query or a fragment')
  }
  const database = /^\/?(\d*)$/.exec(url.pathname)?.[1]
  if (database === undefined) {
    throw invalidUrl(option, 'a URL with a path that is not a database number')
  }
  // Only in a URL, an IPv6 address is in brackets.
  const host = url.hostname.replaceAll(/[[\]]/g, '')
  return {
    host,
    port: url.port === '' ? defaultPort : Number(url.port),
    db: Number(database),
    ...(url.username === '' ? {} : { username: decoded(url.username, option) }),
    ...(url.password === '' ? {} : { password: decoded(url.password, option) }),
    ...(secure ? { tls: tlsFor(host) } : {}),
  }
}

function parseSocketUrl(url: URL, option: string): RedisTarget {
  if (url.host !== '') throw invalidUrl(option, 'a unix URL with a host', 'Write unix:///path')
  if (url.search !== '' || url.hash !== '') {
    throw invalidUrl(option, 'a URL with a query or a fragment')
  }
  const path = decoded(url.pathname, option)
  if (!path.startsWith('/') || path === '/') throw invalidUrl(option, 'a unix URL without a path')
  return { host: 'localhost', port: 0, db: 0, path }
}

/** Returns whether a value is valid as `redisUrl`. */
export function isRedisUrl(url: unknown): boolean {
  try {
    parseRedisUrl(url)
    return true
  } catch {
    return false
  }
}

/** Returns TLS settings for a host. A server gets the name of the host: it may have several certificates. */
export function tlsFor(host: string): TlsOptions {
  return host !== '' && isIP(host) === 0 ? { servername: host } : {}
}

/** Parses an address in the client's form. An IPv6 address contains colons. */
export function parseAddress(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(':')
  return { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) }
}

/** Returns the error for a URL that breaks a rule. It does not show the URL. */
export function invalidUrl(option: string, received: string, hint?: string): ConfigurationError {
  const code = 'INVALID_REDIS_URL'
  return invalidOption(option, REDIS_URL_FORM, undefined, { code, received, hint })
}

const NO_SCHEME = 'a string without redis://'

function notAUrl(value: unknown): string {
  const isText = typeof value === 'string' && value !== ''
  return isText ? 'a string that is not a URL' : describeReceived(value)
}

function decoded(part: string, option: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    const received = 'a URL with a % that escapes nothing'
    throw invalidUrl(option, received, 'Write %25 for a %')
  }
}
