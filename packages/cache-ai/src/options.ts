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
  /**
   * How long the response to each operation lives. Added to the default table; operations in
   * neither live for `defaultTtl`.
   */
  readonly operationTtls?: OperationTtls | undefined
  /** From how many code points on a text is medium, large or xlarge. Default: 500, 5000, 50000. */
  readonly textSizeTiers?: TextSizeTiers | undefined
  /**
   * Told about every operation and key: a CachePerformanceMonitor, another monitor such as that of
   * OpenTelemetry, or several by way of `combineMonitors`. The cache adds a CachePerformanceMonitor of its own
   * for its statistics where this is none. Default: a CachePerformanceMonitor of its own.
   */
  readonly performanceMonitor?: CacheMonitor | undefined
}

/** Options of invalidations. */
export interface InvalidationOptions extends CoreInvalidationOptions {
  /** Another name of `reason`, as the Python version calls it. */
  readonly operationContext?: string | undefined
}

/** Returns why an invalidation was asked for. */
export function reasonOf({ reason, operationContext }: InvalidationOptions): string | undefined {
  return reason ?? operationContext
}
