import { ConfigurationError } from '@verbatim/cache-core'
import type { RedisOptions } from 'ioredis'

/** Where a server is and how to get in: the part of the client's options that a URL can say. */
export type RedisTarget = Pick<
  RedisOptions,
  'host' | 'port' | 'db' | 'username' | 'password' | 'tls'
>

const ALLOWED = 'redis://[user:password@]host[:port][/database] or rediss:// for TLS'

/**
 * Reads a Redis URL, strictly. The client's own reading is not used: it turns query parameters into
 * options, connects in plain text to `REDISS://`, and sends no server name over TLS.
 *
 * @throws ConfigurationError (`INVALID_REDIS_URL`); the message never shows the URL, which may hold
 * a password
 */
export function parseRedisUrl(text: unknown): RedisTarget {
  const url = typeof text === 'string' && URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined) throw invalid('is not a URL')
  const secure = url.protocol === 'rediss:'
  if (!secure && url.protocol !== 'redis:') throw invalid(`has the scheme ${url.protocol}`)
  if (url.hostname === '') throw invalid('has no host')
  if (url.search !== '' || url.hash !== '') throw invalid('has a query or a fragment')
  const database = /^\/?(\d*)$/.exec(url.pathname)?.[1]
  if (database === undefined) throw invalid('has a path that is not a database number')
  // An IPv6 address stands in brackets in a URL, and nowhere else.
  const host = url.hostname.replaceAll(/[[\]]/g, '')
  return {
    host,
    port: url.port === '' ? 6379 : Number(url.port),
    db: Number(database),
    ...(url.username === '' ? {} : { username: decoded(url.username) }),
    ...(url.password === '' ? {} : { password: decoded(url.password) }),
    ...(secure ? { tls: isAddress(host) ? {} : { servername: host } } : {}),
  }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw invalid('has a user or password with a % that escapes nothing; write %25')
  }
}

function isAddress(host: string): boolean {
  return host.includes(':') || /^[\d.]+$/.test(host)
}

function invalid(what: string): ConfigurationError {
  return new ConfigurationError(`redisUrl ${what}; allowed: ${ALLOWED}`, {
    code: 'INVALID_REDIS_URL',
    context: { option: 'redisUrl' },
  })
}
