import {
  assertKnownFields,
  type CacheMonitor,
  type Clock,
  ConfigurationError,
  choiceOption,
  integerOption,
  invalidOption,
  type Ttl,
} from '@verbatim/cache-core'
import type { Isolation } from './isolation.js'

export interface InMemoryCacheOptions {
  /** The life of an entry that is set without one. Default: 3600 seconds. */
  readonly defaultTtl?: Ttl | undefined
  /** The most entries held; the least recently used goes first. 1 to 16,777,216. Default: 1000. */
  readonly maxSize?: number | undefined
  /** The most bytes that keys and values may take together, as `sizeOf` counts. Default: no limit. */
  readonly maxBytes?: number | undefined
  /** The most bytes of one key and value; what is larger is not kept. Default: `maxBytes`. */
  readonly maxEntryBytes?: number | undefined
  /**
   * Counts the bytes of a value, for the two limits above. Default: the UTF-8 bytes of its texts and
   * property names, the bytes of its buffers, and 8 for each other part.
   */
  readonly sizeOf?: ((value: unknown, key: string) => number) | undefined
  /** Whether hits are protected against changes by those who hold them. Default: `'none'`. */
  readonly isolation?: Isolation | undefined
  /** Where the time is read. Default: the machine's clocks. */
  readonly clock?: Clock | undefined
  /** Told about every operation. Default: nobody. */
  readonly performanceMonitor?: CacheMonitor | undefined
}

export interface ResolvedOptions {
  readonly maxSize: number
  readonly maxBytes: number
  readonly maxEntryBytes: number
  readonly sizeOf: ((value: unknown, key: string) => number) | undefined
  readonly isolation: Isolation
  readonly monitor: CacheMonitor | undefined
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
])

/** @throws ConfigurationError (`INVALID_OPTION`) for anything but an object of known options */
export function assertOptions(options: unknown): void {
  assertKnownFields(options, FIELDS, 'options', ConfigurationError, 'INVALID_OPTION')
}

/** The most entries a JavaScript Map can hold. */
const LARGEST_SIZE = 2 ** 24

export function resolveOptions(options: InMemoryCacheOptions): ResolvedOptions {
  const { maxSize = 1_000, isolation = 'none', sizeOf } = options
  if (sizeOf !== undefined && typeof sizeOf !== 'function') {
    throw invalidOption('sizeOf', sizeOf, 'a function of value and key that answers bytes')
  }
  const maxBytes = byteLimit('maxBytes', options.maxBytes)
  return {
    maxSize: integerOption('maxSize', maxSize, { min: 1, max: LARGEST_SIZE }),
    maxBytes,
    maxEntryBytes: Math.min(byteLimit('maxEntryBytes', options.maxEntryBytes), maxBytes),
    sizeOf,
    isolation: choiceOption('isolation', isolation, ['none', 'freeze', 'clone']),
    monitor: monitorOption(options.performanceMonitor),
  }
}

/** Whether each entry is measured as it is stored. */
export function countsBytes({ maxEntryBytes }: ResolvedOptions): boolean {
  return maxEntryBytes !== Number.POSITIVE_INFINITY
}

function byteLimit(name: string, value: unknown): number {
  if (value === undefined) return Number.POSITIVE_INFINITY
  return integerOption(name, value, { min: 1, max: Number.MAX_SAFE_INTEGER })
}

function monitorOption(monitor: CacheMonitor | undefined): CacheMonitor | undefined {
  if (monitor === undefined) return undefined
  const { observeOperation, observeInvalidation } = Object(monitor) as Partial<CacheMonitor>
  if (typeof observeOperation === 'function' && typeof observeInvalidation === 'function') {
    return monitor
  }
  throw invalidOption('performanceMonitor', monitor, 'a CacheMonitor')
}
