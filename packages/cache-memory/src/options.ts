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
  /** The life of an entry that is set without one. Default: 3600 seconds. */
  readonly defaultTtl?: Ttl | undefined
  /** The most entries held; the least recently used goes first. 1 to 16,777,216. Default: 1000. */
  readonly maxSize?: number | undefined
  /**
   * The most memory that the entries may occupy together, in bytes; the least recently used goes first.
   * `Infinity` for no limit; then nothing is counted. Default: 64 MiB.
   */
  readonly maxBytes?: number | undefined
  /** The most bytes of one entry; a larger value is not stored. Default: `maxBytes`. */
  readonly maxEntryBytes?: number | undefined
  /**
   * Counts the bytes of a value, for the two limits above; the UTF-8 bytes of the key are added. Default:
   * an estimate of the memory that the entry occupies in this process, within a factor of two.
   */
  readonly sizeOf?: ((value: unknown, key: string) => number) | undefined
  /** Whether hits are protected against changes by those who hold them. Default: `'none'`. */
  readonly isolation?: Isolation | undefined
  /** Where the time is read. Default: the machine's clocks. */
  readonly clock?: Clock | undefined
  /** Told about every operation. Default: nobody. */
  readonly performanceMonitor?: CacheMonitor | undefined
  /** Stands before every message, to tell caches apart. 1 to 64 characters. Default: none. */
  readonly name?: string | undefined
  /**
   * Receives messages for people, such as `console` or a pino logger. Default: warnings of the process
   * for what must not stay unnoticed, nothing else.
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

/** The most entries a JavaScript Map can hold. */
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

/** Whether each entry is measured as it is stored. */
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
