/** Seconds, or text with a unit. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`

/** Below `small` code points a text is small, and so on; from `large` on it is xlarge. */
export interface TextSizeTiers {
  readonly small: number
  readonly medium: number
  readonly large: number
}

/** All that can be configured. What is left out has its default. */
export interface ConfigValues {
  /** Where Redis is: `redis://` or `rediss://`. Default: `redis://redis:6379`. */
  readonly redisUrl?: string | undefined
  /** In seconds, or with a unit; at most a year. Default: 3600. */
  readonly defaultTtl?: Duration | undefined
  /** Default: true. */
  readonly enableL1Cache?: boolean | undefined
  /** 1 to 10,000 entries. Default: 100. */
  readonly l1CacheSize?: number | undefined
  /** 0 to 1,048,576 bytes. Default: 1000. */
  readonly compressionThreshold?: number | undefined
  /** 1 to 9. Default: 6. */
  readonly compressionLevel?: number | undefined
  /** 1 to 100,000 code points. Default: 1000. */
  readonly textHashThreshold?: number | undefined
  /** Default: `'sha256'`. */
  readonly hashAlgorithm?: 'sha256' | 'sha384' | 'sha512' | 'sha1' | 'md5' | undefined
  /** Default: `'readable'`. */
  readonly keyStyle?: 'readable' | 'hashed' | 'legacy' | undefined
  /** In code points, each above the one before. Default: 500, 5000, 50000. */
  readonly textSizeTiers?: TextSizeTiers | undefined
  /** Added to the default table. */
  readonly operationTtls?: Readonly<Record<string, Duration>> | undefined
  /** 1 to 60,000 milliseconds. Default: 200. */
  readonly commandTimeout?: number | undefined
  /** Default: `'degrade'`. */
  readonly onBackendError?: 'degrade' | 'throw' | undefined
}

export type ConfigName = keyof ConfigValues

/** The name that an option has, for one as files write it. */
export function fieldNamed(written: string): ConfigName | undefined {
  return Object.hasOwn(FIELD_NAMES, written) ? FIELD_NAMES[written] : undefined
}

/** As files and the environment write them, next to their names here. */
export const FIELD_NAMES: Readonly<Record<string, ConfigName>> = {
  redis_url: 'redisUrl',
  default_ttl: 'defaultTtl',
  enable_l1_cache: 'enableL1Cache',
  l1_cache_size: 'l1CacheSize',
  memory_cache_size: 'l1CacheSize',
  compression_threshold: 'compressionThreshold',
  compression_level: 'compressionLevel',
  text_hash_threshold: 'textHashThreshold',
  hash_algorithm: 'hashAlgorithm',
  key_style: 'keyStyle',
  text_size_tiers: 'textSizeTiers',
  operation_ttls: 'operationTtls',
  command_timeout: 'commandTimeout',
  on_backend_error: 'onBackendError',
}
