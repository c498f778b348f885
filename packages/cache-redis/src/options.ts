import {
  type CacheMonitor,
  type Clock,
  ConfigurationError,
  InfrastructureError,
  type Logger,
  systemClock,
  type Ttl,
} from '@verbatim/cache-core'
import {
  assertKnownFields,
  assertMonitor,
  choiceOption,
  integerOption,
  invalidArgument,
  invalidOption,
  MonitorGuard,
  Reporter,
  toMilliseconds,
} from '@verbatim/cache-core/implement'
import type { Isolation } from '@verbatim/cache-memory'
import type { Redis } from 'ioredis'
import { DEFAULT_MAX_VALUE_BYTES } from './codec/value-codec.js'
import { createRedisClient, databaseOf, type RedisClient } from './connection/clients.js'
import {
  checkLocation,
  hasLocation,
  type LocationOptions,
  type RedisLocation,
} from './connection/location.js'
import type { RedisStore } from './redis/redis-store.js'

export interface GenericRedisCacheOptions extends LocationOptions {
  /** Prefix of every key in Redis, 1 to 128 characters. Default: `'cache:'`. */
  readonly keyPrefix?: string | undefined
  /** The TTL of an entry that is set without one. Default: 3600 seconds. */
  readonly defaultTtl?: Ttl | undefined
  /** Whether entries are also copied to the memory of this process. Default: true. */
  readonly enableL1Cache?: boolean | undefined
  /** The maximum number of entries in memory, 1 to 16,777,216. Default: 100. */
  readonly l1CacheSize?: number | undefined
  /**
   * The maximum memory of those entries in this process, in bytes, 1 to 9,007,199,254,740,991.
   * Default: 64 MiB.
   */
  readonly l1CacheBytes?: number | undefined
  /** Protection of hits from memory against changes by their callers. Default: `'none'`. */
  readonly isolation?: Isolation | undefined
  /** Larger values are compressed, in bytes, 0 to 1,048,576. Default: 1000. */
  readonly compressionThreshold?: number | undefined
  /** The compression level, 1 (fastest) to 9 (smallest). Default: 6. */
  readonly compressionLevel?: number | undefined
  /** The largest value after compression, in bytes, 1,024 to 536,870,912. Default: 8 MiB. */
  readonly maxValueBytes?: number | undefined
  /** The time limit of a command, in milliseconds, 1 to 60,000. Default: 200. */
  readonly commandTimeout?: number | undefined
  /**
   * The effect of an error of Redis on a call. `'degrade'`: a read is a miss, and a write goes to memory only.
   * `'throw'`: both throw an InfrastructureError. Default: `'degrade'`.
   */
  readonly onBackendError?: 'degrade' | 'throw' | undefined
  /**
   * Whether the cache sends no command that writes, for tools that inspect a store. Methods that change
   * something throw a ValidationError (`READ_ONLY`). `getOrSet` loads a missing value and stores nothing.
   * Default: false.
   */
  readonly readOnly?: boolean | undefined
  /** Receives every operation. Default: none. */
  readonly performanceMonitor?: CacheMonitor | undefined
  /** The source of time. Default: the clocks of the machine. */
  readonly clock?: Clock | undefined
  /** Prefix of every message, to tell caches apart, 1 to 64 characters. Default: none. */
  readonly name?: string | undefined
  /**
   * Receives messages for people, such as `console` or a pino logger. Default: only the messages that must
   * not go unnoticed are emitted, as warnings of the process.
   */
  readonly logger?: Logger | undefined
}

export interface ResolvedOptions {
  /** `undefined` for a cache that is memory only. */
  readonly client: RedisClient | undefined
  readonly ownsClient: boolean
  /** The database to select on a client that the cache created. */
  readonly database: number
  /** The database in use, also on a client that was passed in. */
  readonly usedDatabase: number
  readonly keyPrefix: string
  readonly defaultTtl: Ttl
  readonly enableL1Cache: boolean
  readonly l1CacheSize: number
  readonly l1CacheBytes: number
  readonly isolation: Isolation
  readonly compressionThreshold: number
  readonly compressionLevel: number
  readonly maxValueBytes: number
  readonly commandTimeoutMs: number
  readonly throwsBackendErrors: boolean
  readonly readOnly: boolean
  readonly monitor: CacheMonitor | undefined
  readonly clock: Clock
  readonly reporter: Reporter
}

const MAX_PREFIX_LENGTH = 128

const FIELDS: Readonly<Record<keyof GenericRedisCacheOptions, true>> = {
  redisUrl: true,
  sentinel: true,
  cluster: true,
  client: true,
  keyPrefix: true,
  defaultTtl: true,
  enableL1Cache: true,
  l1CacheSize: true,
  l1CacheBytes: true,
  isolation: true,
  compressionThreshold: true,
  compressionLevel: true,
  maxValueBytes: true,
  commandTimeout: true,
  onBackendError: true,
  readOnly: true,
  performanceMonitor: true,
  clock: true,
  name: true,
  logger: true,
}

/** The names of all options of a {@link GenericRedisCacheOptions}. */
export const REDIS_CACHE_OPTIONS: readonly (keyof GenericRedisCacheOptions)[] = Object.keys(
  FIELDS,
) as (keyof GenericRedisCacheOptions)[]

const KNOWN_FIELDS: ReadonlySet<string> = new Set(REDIS_CACHE_OPTIONS)

/** @throws ConfigurationError (`INVALID_OPTION`) for anything but an object of known options */
export function assertOptions(options: unknown): void {
  assertKnownFields(options, KNOWN_FIELDS, 'options', ConfigurationError, 'INVALID_OPTION')
}

export function resolveOptions(options: GenericRedisCacheOptions): ResolvedOptions {
  const {
    defaultTtl = 3_600,
    enableL1Cache = true,
    l1CacheSize = 100,
    l1CacheBytes = 64 * 1_024 * 1_024,
    isolation = 'none',
    compressionThreshold = 1_000,
    compressionLevel = 6,
    maxValueBytes = DEFAULT_MAX_VALUE_BYTES,
    commandTimeout = 200,
    onBackendError = 'degrade',
    keyPrefix = 'cache:',
    readOnly = false,
  } = options
  toMilliseconds(defaultTtl, 'defaultTtl')
  const { performanceMonitor } = options
  assertMonitor(performanceMonitor)
  const commandTimeoutMs = integerOption('commandTimeout', commandTimeout, { min: 1, max: 60_000 })
  const resolved = {
    keyPrefix: checkedPrefix(keyPrefix),
    defaultTtl,
    enableL1Cache,
    l1CacheSize: integerOption('l1CacheSize', l1CacheSize, { min: 1, max: 2 ** 24 }),
    l1CacheBytes: integerOption('l1CacheBytes', l1CacheBytes, {
      min: 1,
      max: Number.MAX_SAFE_INTEGER,
    }),
    isolation: choiceOption('isolation', isolation, ['none', 'freeze', 'clone']),
    compressionThreshold: integerOption('compressionThreshold', compressionThreshold, {
      min: 0,
      max: 1_048_576,
    }),
    compressionLevel: integerOption('compressionLevel', compressionLevel, { min: 1, max: 9 }),
    maxValueBytes: integerOption('maxValueBytes', maxValueBytes, { min: 1_024, max: 2 ** 29 }),
    commandTimeoutMs,
    readOnly,
    throwsBackendErrors:
      choiceOption('onBackendError', onBackendError, ['degrade', 'throw']) === 'throw',
    monitor: performanceMonitor && new MonitorGuard(performanceMonitor, options.logger),
    clock: options.clock ?? systemClock,
    reporter: new Reporter(options),
  }
  if (typeof enableL1Cache !== 'boolean') {
    throw invalidOption('enableL1Cache', 'true or false', enableL1Cache)
  }
  if (typeof readOnly !== 'boolean') throw invalidOption('readOnly', 'true or false', readOnly)
  const location = hasLocation(options) ? checkLocation(options) : undefined
  if (location === undefined && !enableL1Cache) {
    throw invalidOption('enableL1Cache', 'true for a cache without Redis', enableL1Cache)
  }
  // Created last, so that no error above leaves a client open.
  return {
    ...resolved,
    client: location && createRedisClient(location, commandTimeoutMs),
    ownsClient: location?.kind !== 'client',
    database: databaseToSelect(location),
    usedDatabase: usedDatabase(location),
  }
}

function usedDatabase(location: RedisLocation | undefined): number {
  const isPassedIn = location?.kind === 'client' && !location.client.isCluster
  return isPassedIn ? databaseOf(location.client as Redis) : databaseToSelect(location)
}

function databaseToSelect(location: RedisLocation | undefined): number {
  if (location === undefined) return 0
  if (location.kind === 'server') return location.target.db
  return location.kind === 'sentinel' ? location.database : 0
}

/** Rejects an empty prefix: with it, clearing the cache would clear the database. */
function checkedPrefix(prefix: unknown): string {
  if (
    typeof prefix === 'string' &&
    prefix.length >= 1 &&
    prefix.length <= MAX_PREFIX_LENGTH &&
    prefix.isWellFormed()
  ) {
    return prefix
  }
  throw invalidOption('keyPrefix', `a string of 1 to ${MAX_PREFIX_LENGTH} characters`, prefix)
}

/** Options of `connect`. */
export interface ConnectOptions {
  /** Whether to reject, instead of resolving with false, when Redis is unavailable. Default: false. */
  readonly required?: boolean | undefined
}

const CONNECT_FIELDS: ReadonlySet<string> = new Set<keyof ConnectOptions>(['required'])

/**
 * Returns whether Redis is required.
 *
 * @throws ValidationError (`INVALID_ARGUMENT`) for an unknown field or another type
 */
export function isRedisRequired(options: ConnectOptions): boolean {
  assertKnownFields(options, CONNECT_FIELDS, 'options')
  const { required = false } = options
  if (typeof required !== 'boolean') throw invalidArgument('required', 'true or false', required)
  return required
}

const NOT_CONFIGURED =
  'Redis is required, but none of the options redisUrl, sentinel, cluster and client is set.'

/** Returns the error for a required Redis that is unavailable, or that is not configured. */
export function redisUnavailable(redis: RedisStore | undefined): InfrastructureError {
  return new InfrastructureError(redis?.whyUnavailable() ?? NOT_CONFIGURED, {
    code: 'BACKEND_UNAVAILABLE',
    context: { reason: redis?.status.lastErrorCode, outcome: 'failed' },
  })
}
