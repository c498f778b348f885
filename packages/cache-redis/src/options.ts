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
  flagArgument,
  flagOption,
  integerOption,
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
import {
  checkEncryption,
  type EncryptionOptions,
  type ValueEncryption,
} from './encryption/value-encryption.js'
import type { RedisStore } from './redis/redis-store.js'
import { assertNoPlainText, secureLocation } from './security/secure-location.js'
import {
  SecurityConfig,
  type SecurityConfigOptions,
  toSecurityConfig,
} from './security/security-config.js'

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
  /**
   * Larger values are compressed, in bytes, 0 to 1,048,576. Default: 4000. Below, compression takes 25 µs of a
   * read and 80 µs of a write to save half a kilobyte.
   */
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
  /**
   * The login, TLS and certificates of connections that the cache opens. Default: those of the URLs.
   *
   * @see SecurityConfig
   */
  readonly securityConfig?: SecurityConfig | SecurityConfigOptions | undefined
  /**
   * Whether Redis on another machine may be reached without TLS, or without verified certificates. Default: true.
   */
  readonly allowPlainText?: boolean | undefined
  /** Encrypts the values in Redis. Keys and tags stay readable. Default: values are not encrypted. */
  readonly encryption?: EncryptionOptions | undefined
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

/** An option with a range, such as a size. */
interface IntegerSetting {
  readonly kind: 'integer'
  readonly default: number
  readonly min: number
  readonly max: number
  /** The unit of the number, such as `'bytes'`. */
  readonly unit?: string
}

/** The default of an option that plain data can express, and the rule that its value must keep. */
export type RedisSetting =
  | IntegerSetting
  | { readonly kind: 'choice'; readonly default: string; readonly choices: readonly string[] }
  | { readonly kind: 'text'; readonly default: string; readonly maxLength: number }
  | { readonly kind: 'flag'; readonly default: boolean }
  | { readonly kind: 'ttl'; readonly default: number }

type OtherName =
  | keyof LocationOptions
  | 'encryption'
  | 'securityConfig'
  | 'performanceMonitor'
  | 'clock'
  | 'name'
  | 'logger'

type SettingName = Exclude<keyof GenericRedisCacheOptions, OtherName>

/** The only list of settings. A new option does not compile until it is here or an `OtherName`. */
export const REDIS_SETTINGS: {
  readonly [Name in SettingName]: GenericRedisCacheOptions[Name] extends number | undefined
    ? IntegerSetting
    : RedisSetting
} = {
  // Never empty: clearing a cache without a prefix would clear the database.
  keyPrefix: { kind: 'text', default: 'cache:', maxLength: 128 },
  defaultTtl: { kind: 'ttl', default: 3_600 },
  enableL1Cache: { kind: 'flag', default: true },
  l1CacheSize: { kind: 'integer', default: 100, min: 1, max: 2 ** 24, unit: 'entries' },
  l1CacheBytes: {
    kind: 'integer',
    default: 64 * 1_024 * 1_024,
    min: 1,
    max: Number.MAX_SAFE_INTEGER,
    unit: 'bytes',
  },
  isolation: { kind: 'choice', default: 'none', choices: ['none', 'freeze', 'clone'] },
  compressionThreshold: {
    kind: 'integer',
    default: 4_000,
    min: 0,
    max: 1_048_576,
    unit: 'bytes',
  },
  compressionLevel: { kind: 'integer', default: 6, min: 1, max: 9 },
  maxValueBytes: {
    kind: 'integer',
    default: DEFAULT_MAX_VALUE_BYTES,
    min: 1_024,
    max: 2 ** 29,
    unit: 'bytes',
  },
  commandTimeout: { kind: 'integer', default: 200, min: 1, max: 60_000, unit: 'milliseconds' },
  onBackendError: { kind: 'choice', default: 'degrade', choices: ['degrade', 'throw'] },
  readOnly: { kind: 'flag', default: false },
  allowPlainText: { kind: 'flag', default: true },
}

/** Every setting with its value or its default. */
type Settings = {
  readonly [Name in SettingName]: Exclude<GenericRedisCacheOptions[Name], undefined>
}

const OTHER_OPTIONS: Readonly<Record<OtherName, true>> = {
  redisUrl: true,
  sentinel: true,
  cluster: true,
  client: true,
  encryption: true,
  securityConfig: true,
  performanceMonitor: true,
  clock: true,
  name: true,
  logger: true,
}

/** The names of all options of a {@link GenericRedisCacheOptions}. */
export const REDIS_CACHE_OPTIONS: readonly (keyof GenericRedisCacheOptions)[] = Object.keys({
  ...REDIS_SETTINGS,
  ...OTHER_OPTIONS,
}) as (keyof GenericRedisCacheOptions)[]

const KNOWN_OPTIONS: ReadonlySet<string> = new Set(REDIS_CACHE_OPTIONS)

/** Options after their checks, with defaults for those that were left out. */
export interface ResolvedOptions extends Omit<Settings, 'commandTimeout' | 'onBackendError'> {
  /** `undefined` for a cache that is memory only. */
  readonly client: RedisClient | undefined
  readonly ownsClient: boolean
  /** The database to select on a client that the cache creates. */
  readonly database: number
  /** The database in use, also on a client that was passed in. */
  readonly usedDatabase: number
  readonly commandTimeoutMs: number
  readonly throwsBackendErrors: boolean
  readonly encryption: ValueEncryption | undefined
  readonly securityConfig: SecurityConfig
  readonly monitor: CacheMonitor | undefined
  readonly clock: Clock
  readonly reporter: Reporter
}

/** @throws ConfigurationError (`INVALID_OPTION`) for anything but an object of known options */
export function assertOptions(options: unknown): void {
  assertKnownFields(options, KNOWN_OPTIONS, 'options', ConfigurationError, 'INVALID_OPTION')
}

export function resolveOptions(options: GenericRedisCacheOptions): ResolvedOptions {
  const { commandTimeout: commandTimeoutMs, onBackendError, ...settings } = checkedSettings(options)
  const { encryption, performanceMonitor, securityConfig } = options
  const config = securityConfig && toSecurityConfig(securityConfig)
  assertMonitor(performanceMonitor)
  const resolved = {
    ...settings,
    commandTimeoutMs,
    throwsBackendErrors: onBackendError === 'throw',
    encryption: encryption && checkEncryption(encryption),
    securityConfig: config ?? new SecurityConfig(),
    monitor: performanceMonitor && new MonitorGuard(performanceMonitor, options.logger),
    clock: options.clock ?? systemClock,
    reporter: new Reporter(options),
  }
  const location = locationIn(options, config)
  if (location !== undefined && !settings.allowPlainText) assertNoPlainText(location)
  if (location === undefined && !settings.enableL1Cache) {
    throw invalidOption('enableL1Cache', 'true for a cache without Redis', false)
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

function locationIn(
  options: GenericRedisCacheOptions,
  config: SecurityConfig | undefined,
): RedisLocation | undefined {
  if (!hasLocation(options)) return undefined
  const location = checkLocation(options)
  return config === undefined ? location : secureLocation(location, config)
}

function checkedSettings(options: GenericRedisCacheOptions): Settings {
  const checked = Object.entries(REDIS_SETTINGS).map(([name, setting]) => {
    const { [name as SettingName]: value = setting.default } = options
    return [name, checkedSetting(name, value, setting)] as const
  })
  return Object.fromEntries(checked) as unknown as Settings
}

function checkedSetting(name: string, value: unknown, setting: RedisSetting): unknown {
  switch (setting.kind) {
    case 'integer':
      return integerOption(name, value, setting)
    case 'choice':
      return choiceOption(name, value, setting.choices)
    case 'ttl':
      toMilliseconds(value, name)
      return value
    case 'flag':
      return flagOption(name, value)
    default:
      return checkedText(name, value, setting.maxLength)
  }
}

function checkedText(name: string, value: unknown, maxLength: number): string {
  const isText = typeof value === 'string' && value !== '' && value.length <= maxLength
  if (isText && value.isWellFormed()) return value
  throw invalidOption(name, `a string of 1 to ${maxLength} characters`, value)
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
  return flagArgument('required', options.required)
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
