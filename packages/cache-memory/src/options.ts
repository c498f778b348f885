import {
  type CacheMonitor,
  type Clock,
  choiceOption,
  integerOption,
  systemClock,
  type Ttl,
  toMilliseconds,
} from '@verbatim/cache-core'
import type { Isolation } from './isolation.js'

export interface InMemoryCacheOptions {
  /** The life of an entry that is set without one. Default: 3600 seconds. */
  readonly defaultTtl?: Ttl | undefined
  /** The most entries held; the least recently used goes first. 1 to 16,777,216. Default: 1000. */
  readonly maxSize?: number | undefined
  /** Whether hits are protected against changes by those who hold them. Default: `'none'`. */
  readonly isolation?: Isolation | undefined
  /** Where the time is read. Default: the machine's clocks. */
  readonly clock?: Clock | undefined
  /** Told about every operation. Default: nobody. */
  readonly performanceMonitor?: CacheMonitor | undefined
}

export interface ResolvedOptions {
  readonly defaultTtlMilliseconds: number
  readonly maxSize: number
  readonly isolation: Isolation
  readonly clock: Clock
  readonly monitor: CacheMonitor | undefined
}

/** The most entries a JavaScript Map can hold. */
const LARGEST_SIZE = 2 ** 24

export function resolveOptions(options: InMemoryCacheOptions): ResolvedOptions {
  const { defaultTtl = 3_600, maxSize = 1_000, isolation = 'none' } = options
  return {
    defaultTtlMilliseconds: toMilliseconds(defaultTtl, 'defaultTtl'),
    maxSize: integerOption('maxSize', maxSize, { min: 1, max: LARGEST_SIZE }),
    isolation: choiceOption('isolation', isolation, ['none', 'freeze', 'clone']),
    clock: options.clock ?? systemClock,
    monitor: options.performanceMonitor,
  }
}
