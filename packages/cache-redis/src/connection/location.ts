import { ConfigurationError } from '@verbatim/cache-core'
import { assertKnownFields, integerOption, invalidOption } from '@verbatim/cache-core/implement'
import type { ClusterOptions, LocationOptions, SentinelOptions } from './location-options.js'
import type { RedisClient } from './redis-client.js'
import { invalidUrl, parseRedisUrl, type RedisTarget } from './redis-url.js'

/** Where Redis is, checked. Nothing has been created. */
export type RedisLocation =
  | { readonly kind: 'server'; readonly target: RedisTarget }
  | SentinelLocation
  | ClusterLocation
  | { readonly kind: 'client'; readonly client: RedisClient }

export interface SentinelLocation {
  readonly kind: 'sentinel'
  readonly name: string
  readonly sentinels: readonly RedisTarget[]
  readonly username: string | undefined
  readonly password: string | undefined
  readonly database: number
  readonly tls: boolean
}

export interface ClusterLocation {
  readonly kind: 'cluster'
  readonly nodes: readonly RedisTarget[]
}

const CHOICES = ['redisUrl', 'sentinel', 'cluster', 'client'] as const

const SENTINEL_FIELDS: Readonly<Record<keyof SentinelOptions, true>> = {
  name: true,
  urls: true,
  username: true,
  password: true,
  database: true,
  tls: true,
}
const CLUSTER_FIELDS: Readonly<Record<keyof ClusterOptions, true>> = { urls: true }

/** Whether Redis is said to be anywhere; a cache without it is memory only. */
export function hasLocation(options: LocationOptions): boolean {
  return CHOICES.some((choice) => options[choice] !== undefined)
}

/**
 * Checks where Redis is said to be.
 *
 * @throws ConfigurationError (`INVALID_OPTION`, `INVALID_REDIS_URL`) that names the option, what it
 * is and what is allowed, and never shows a URL
 */
export function checkLocation(options: LocationOptions): RedisLocation {
  const given = CHOICES.filter((choice) => options[choice] !== undefined)
  if (given.length !== 1) {
    const received = given.length === 0 ? 'none' : given.join(' and ')
    throw new ConfigurationError(
      `at most one of ${CHOICES.join(', ')} may be given; received ${received}`,
      {
        code: 'INVALID_OPTION',
        context: { options: CHOICES, received: given },
      },
    )
  }
  const { redisUrl, sentinel, cluster, client } = options
  if (sentinel !== undefined) return checkSentinel(sentinel)
  if (cluster !== undefined) return checkCluster(cluster)
  if (client !== undefined) return { kind: 'client', client: checkClient(client) }
  return { kind: 'server', target: parseRedisUrl(redisUrl) }
}

function checkSentinel(sentinel: SentinelOptions): SentinelLocation {
  assertFields('sentinel', sentinel, SENTINEL_FIELDS)
  const { name, urls, username, password, database = 0, tls = false } = sentinel
  if (typeof name !== 'string' || name === '') {
    throw invalidOption('sentinel.name', 'the name that the sentinels use for the master', name)
  }
  if (typeof tls !== 'boolean') throw invalidOption('sentinel.tls', 'true or false', tls)
  return {
    kind: 'sentinel',
    name,
    sentinels: checkUrls('sentinel.urls', urls, 26_379),
    username: checkText('sentinel.username', username),
    password: checkText('sentinel.password', password),
    database: integerOption('sentinel.database', database, { min: 0, max: 2 ** 31 - 1 }),
    tls,
  }
}

function checkCluster(cluster: ClusterOptions): ClusterLocation {
  assertFields('cluster', cluster, CLUSTER_FIELDS)
  return { kind: 'cluster', nodes: checkUrls('cluster.urls', cluster.urls, 6_379) }
}

/** Checks URLs of servers that belong together, and so are all reached in the same way. */
function checkUrls(option: string, urls: unknown, defaultPort: number): RedisTarget[] {
  if (!Array.isArray(urls) || urls.length === 0) {
    throw invalidOption(option, 'an array of at least one URL', urls)
  }
  const targets = urls.map((url: unknown, index) =>
    parseRedisUrl(url, { option: `${option}[${index}]`, defaultPort }),
  )
  const [first] = targets
  for (const [index, target] of targets.entries()) {
    const name = `${option}[${index}]`
    if (target.db !== 0)
      throw invalidUrl(name, 'a URL with a database, which servers of this kind do not have')
    if ((target.tls === undefined) !== (first?.tls === undefined)) {
      throw invalidUrl(name, 'a URL that differs from the first in whether it uses TLS')
    }
    if (!mayLogInAs(target, first)) {
      throw invalidUrl(name, 'a URL with a user or password other than those of the first')
    }
  }
  return targets
}

function mayLogInAs(target: RedisTarget, first: RedisTarget | undefined): boolean {
  const { username, password } = target
  const saysNothing = username === undefined && password === undefined
  return saysNothing || (username === first?.username && password === first?.password)
}

function checkText(option: string, text: unknown): string | undefined {
  if (text === undefined || (typeof text === 'string' && text !== '')) return text
  throw invalidOption(option, 'a string that is not empty', text)
}

function assertFields(option: string, value: object, fields: Readonly<Record<string, true>>): void {
  const known = new Set(Object.keys(fields))
  assertKnownFields(value, known, option, ConfigurationError, 'INVALID_OPTION')
}

function checkClient(client: RedisClient): RedisClient {
  const { isCluster, options: given } = (client ?? {}) as Partial<RedisClient>
  if (typeof isCluster !== 'boolean' || typeof given !== 'object') {
    throw invalidOption('client', 'a Redis or Cluster of ioredis 5 or 6', client)
  }
  assertNoPrefix(given)
  return client
}

/** The client puts its prefix before keys, but not into the patterns by which keys are found. */
function assertNoPrefix(options: {
  keyPrefix?: string | undefined
  redisOptions?: { keyPrefix?: string | undefined } | undefined
}): void {
  if (!(options.keyPrefix || options.redisOptions?.keyPrefix)) return
  throw new ConfigurationError('client has a keyPrefix of its own; give keyPrefix to the cache', {
    code: 'INVALID_OPTION',
    context: { option: 'client' },
  })
}
