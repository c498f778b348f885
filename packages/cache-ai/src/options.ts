import type {
  CacheMonitor,
  InvalidationOptions as CoreInvalidationOptions,
} from '@verbatim/cache-core'
import type { GenericRedisCacheOptions } from '@verbatim/cache-redis'
import type { CacheKeyGeneratorOptions } from './keys/cache-key-generator.js'
import type { OperationTtls } from './operation-ttls.js'
import type { ResponseForm } from './response-form.js'
import type { TextSizeTiers } from './text-size.js'

export interface AIResponseCacheOptions
  extends Omit<GenericRedisCacheOptions, 'performanceMonitor'>,
    Omit<CacheKeyGeneratorOptions, 'prefix' | 'performanceMonitor'>,
    ResponseForm {
  /** TTLs of responses by operation, in addition to the defaults. Operations without one use `defaultTtl`. */
  readonly operationTtls?: OperationTtls | undefined
  /** The code points from which a text is medium, large or xlarge. Default: 500, 5000, 50000. */
  readonly textSizeTiers?: TextSizeTiers | undefined
  /**
   * A monitor for every operation and key: a CachePerformanceMonitor, an OpenTelemetryMonitor, or a combination
   * by `combineMonitors`. If it has no statistics, the cache adds a CachePerformanceMonitor of its own.
   * Default: a CachePerformanceMonitor of its own.
   */
  readonly performanceMonitor?: CacheMonitor | undefined
}

/** Options of invalidations. */
export interface InvalidationOptions extends CoreInvalidationOptions {
  /** Another name of `reason`. */
  readonly operationContext?: string | undefined
}

/** Returns the reason of an invalidation. */
export function reasonOf({ reason, operationContext }: InvalidationOptions): string | undefined {
  return reason ?? operationContext
}
