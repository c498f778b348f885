import {
  type CacheMonitor,
  type Clock,
  ConfigurationError,
  type Logger,
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
} from '@verbatim/cache-core/implement'
import type { Isolation } from './isolation.js'

export interface InMemoryCacheOptions {
  /** TTL of an entry that is set without one. Default: 3600 seconds. */
  readonly defaultTtl?: Ttl | undefined
  /** Maximum number of entries. The least recently used is evicted first. 1 to 16,777,216. Default: 1000. */
  readonly maxSize?: number | undefined
  /**
   * Maximum memory of all entries, in bytes. The least recently used is evicted first. `Infinity` for no
   * limit; sizes are then not counted. Default: 64 MiB.
   */
  readonly maxBytes?: number | undefined
  /** Maximum size of one entry, in bytes. A larger value is not stored. Default: `maxBytes`. */
  readonly maxEntryBytes?: number | undefined
  /**
   * Returns the bytes of a value for `maxBytes` and `maxEntryBytes`. The UTF-8 bytes of the key are added.
   * Default: an estimate of the memory that the entry occupies in this process, within a factor of two.
   */
  readonly sizeOf?: ((value: unknown, key: string) => number) | undefined
  /** Protection of stored values against changes by callers. Default: `'none'`. */
  readonly isolation?: Isolation | undefined
  /** Source of the time. Default: the clocks of the machine. */
  readonly clock?: Clock | undefined
  /** Receives a report about every operation. Default: none. */
  readonly performanceMonitor?: CacheMonitor | undefined
  /** Prefix of every message, to identify the cache. 1 to 64 characters. Default: none. */
  readonly name?: string | undefined
  /**
   * Receives messages for people, such as `console` or a pino logger. Default: only important messages are
   * emitted, as warnings of the process.
   */
  readonly logger?: Logger | undefined
}

export interface ResolvedOptions {
  readonly maxSize: number
  readonly maxBytes: number
  readonly maxEntryBytes: number
  readonly sizeOf: ((value: unknown, key: string) => number) | undefined
  readonly isolation: Isolation
  readonly monitor: CacheMonitor | undefined
  readonly reporter: Reporter
}

const FIELDS: ReadonlySet<string> = new Set<keyof InMemoryCacheOptions>([
  'defaultTtl',
  'maxSize',
  'maxBytes',
  'maxEntryBytes',
  'sizeOf',
  'isolation',
  'clock',
  'performanceMonitor',
  'name',
  'logger',
])

/** @throws ConfigurationError (`INVALID_OPTION`) for anything but an object of known options */
export function assertOptions(options: unknown): void {
  assertKnownFields(options, FIELDS, 'options', ConfigurationError, 'INVALID_OPTION')
}

const DEFAULT_MAX_BYTES = 64 * 2 ** 20

/** Maximum number of entries in a JavaScript Map. */
const LARGEST_SIZE = 2 ** 24

export function resolveOptions(options: InMemoryCacheOptions): ResolvedOptions {
  const { maxSize = 1_000, isolation = 'none', sizeOf } = options
  if (sizeOf !== undefined && typeof sizeOf !== 'function') {
    throw invalidOption('sizeOf', 'a function of value and key that returns bytes', sizeOf)
  }
  const maxBytes = byteLimit('maxBytes', options.maxBytes, DEFAULT_MAX_BYTES)
  return {
    maxSize: integerOption('maxSize', maxSize, { min: 1, max: LARGEST_SIZE }),
    maxBytes,
    maxEntryBytes: Math.min(byteLimit('maxEntryBytes', options.maxEntryBytes, maxBytes), maxBytes),
    sizeOf,
    isolation: choiceOption('isolation', isolation, ['none', 'freeze', 'clone']),
    monitor: monitorOption(options),
    reporter: new Reporter(options),
  }
}

/** Returns whether entries are measured when they are stored. */
export function countsBytes({ maxEntryBytes }: Pick<ResolvedOptions, 'maxEntryBytes'>): boolean {
  return maxEntryBytes !== Number.POSITIVE_INFINITY
}

function byteLimit(name: string, value: unknown, otherwise: number): number {
  if (value === undefined) return otherwise
  if (value === Number.POSITIVE_INFINITY) return value
  return integerOption(name, value, { min: 1, max: Number.MAX_SAFE_INTEGER })
}

function monitorOption({
  performanceMonitor,
  logger,
}: InMemoryCacheOptions): CacheMonitor | undefined {
  assertMonitor(performanceMonitor)
  return performanceMonitor && new MonitorGuard(performanceMonitor, logger)
}
