import {
  type CacheMonitor,
  type Clock,
  ConfigurationError,
  type Logger,
  systemClock,
  type Ttl,
} from '@verbatim/cache-core'
import {
  assertKnownFields,
  assertMonitor,
  choiceOption,
  integerOption,
  invalidOption,
  MonitorGuard,
  Reporter,
  toMilliseconds,
} from '@verbatim/cache-core/implement'
import type { Isolation } from '@verbatim/cache-memory'
import type { Redis } from 'ioredis'
import { DEFAULT_MAX_VALUE_BYTES } from './codec/value-codec.js'
import { checkLocation, hasLocation, type RedisLocation } from './connection/location.js'
import type { LocationOptions } from './connection/location-options.js'
import { createRedisClient, databaseOf, type RedisClient } from './connection/redis-client.js'

export interface GenericRedisCacheOptions extends LocationOptions {
  /** Stands before every key in Redis. 1 to 128 characters. Default: `'cache:'`. */
  readonly keyPrefix?: string | undefined
  /** The life of an entry that is set without one. Default: 3600 seconds. */
  readonly defaultTtl?: Ttl | undefined
  /** Whether hot entries are kept in the memory of this process too. Default: true. */
  readonly enableL1Cache?: boolean | undefined
  /** The most entries kept in memory. 1 to 16,777,216. Default: 100. */
  readonly l1CacheSize?: number | undefined
  /**
   * The most memory that those entries may occupy in this process, in bytes. 1 to
   * 9,007,199,254,740,991. Default: 64 MiB.
   */
  readonly l1CacheBytes?: number | undefined
  /** Whether hits from memory are protected against changes by those who hold them. Default: `'none'`. */
  readonly isolation?: Isolation | undefined
  /** Values of more bytes than this are compressed. 0 to 1,048,576. Default: 1000. */
  readonly compressionThreshold?: number | undefined
  /** 1 (fastest) to 9 (smallest). Default: 6. */
  readonly compressionLevel?: number | undefined
  /** The largest value, as Redis holds it: compressed. 1,024 to 536,870,912 bytes. Default: 8 MiB. */
  readonly maxValueBytes?: number | undefined
  /** The longest that one command may take, in milliseconds. 1 to 60,000. Default: 200. */
  readonly commandTimeout?: number | undefined
  /**
   * What trouble with Redis does to a call: `'degrade'` makes a read a miss and a write
   * memory-only; `'throw'` makes both throw an InfrastructureError. Default: `'degrade'`.
   */
  readonly onBackendError?: 'degrade' | 'throw' | undefined
  /**
   * Whether the cache sends no command that writes. Every method that changes something throws a
   * ValidationError (`READ_ONLY`); `getOrSet` loads what is missing and stores nothing. For tools that look
   * after a store. Default: false.
   */
  readonly readOnly?: boolean | undefined
  /** Told about every operation. Default: nobody. */
  readonly performanceMonitor?: CacheMonitor | undefined
  /** Where the time is read. Default: the machine's clocks. */
  readonly clock?: Clock | undefined
  /** Stands before every message, to tell caches apart. 1 to 64 characters. Default: none. */
  readonly name?: string | undefined
  /**
   * Receives messages for people, such as `console` or a pino logger: what is wrong with Redis, and
   * details. Default: warnings of the process for what must not stay unnoticed, nothing else.
   */
  readonly logger?: Logger | undefined
}

export interface ResolvedOptions {
  /** `undefined` for a cache that is memory only. */
  readonly client: RedisClient | undefined
  readonly ownsClient: boolean
  /** The number of the database to use on a client of ours. */
  readonly database: number
  /** The number of the database in use, also on a client that was handed in. */
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

const LONGEST_PREFIX = 128

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
  // Last: only now is it certain that nobody has to close the client.
  return {
    ...resolved,
    client: location && createRedisClient(location, commandTimeoutMs),
    ownsClient: location?.kind !== 'client',
    database: databaseToSelect(location),
    usedDatabase: usedDatabase(location),
  }
}

function usedDatabase(location: RedisLocation | undefined): number {
  const isHandedIn = location?.kind === 'client' && !location.client.isCluster
  return isHandedIn ? databaseOf(location.client as Redis) : databaseToSelect(location)
}

function databaseToSelect(location: RedisLocation | undefined): number {
  if (location === undefined) return 0
  if (location.kind === 'server') return location.target.db
  return location.kind === 'sentinel' ? location.database : 0
}

/** Without a prefix, clearing the cache would clear the database. */
function checkedPrefix(prefix: unknown): string {
  if (
    typeof prefix === 'string' &&
    prefix.length >= 1 &&
    prefix.length <= LONGEST_PREFIX &&
    prefix.isWellFormed()
  ) {
    return prefix
  }
  throw invalidOption('keyPrefix', `a string of 1 to ${LONGEST_PREFIX} characters`, prefix)
}
