import type { GenericRedisCacheOptions } from '@verbatim/cache-redis'
import { camelCaseOf, snakeCaseOf } from '../compatibility/snake-case.js'
import type { AIResponseCacheOptions } from '../options.js'

type OptionName = keyof AIResponseCacheOptions

/** How the text of an environment variable becomes a value. */
type VariableKind = 'text' | 'number' | 'flag' | 'json' | NestedFields

/** Fields that have variables of their own, such as `AI_CACHE_CLUSTER_URLS`. */
type NestedFields = Readonly<Record<string, 'text' | 'number' | 'flag' | 'list'>>

/** Options that are functions or objects with methods. A file cannot hold them. */
export type CodeOnlyName = Extract<
  OptionName,
  'client' | 'performanceMonitor' | 'clock' | 'logger' | 'serialize' | 'revive'
>

export const CODE_ONLY: Readonly<Record<CodeOnlyName, true>> = {
  client: true,
  performanceMonitor: true,
  clock: true,
  logger: true,
  serialize: true,
  revive: true,
}

/**
 * Every other option, and how a variable holds it. This is the only list: a new option of the cache
 * does not compile until it is here or a {@link CodeOnlyName}.
 */
export const FIELDS: Readonly<Record<FieldName, VariableKind>> = {
  redisUrl: 'text',
  sentinel: {
    name: 'text',
    urls: 'list',
    username: 'text',
    password: 'text',
    database: 'number',
    tls: 'flag',
  },
  cluster: { urls: 'list' },
  keyPrefix: 'text',
  defaultTtl: 'number',
  enableL1Cache: 'flag',
  l1CacheSize: 'number',
  l1CacheBytes: 'number',
  isolation: 'text',
  compressionThreshold: 'number',
  compressionLevel: 'number',
  maxValueBytes: 'number',
  commandTimeout: 'number',
  onBackendError: 'text',
  readOnly: 'flag',
  name: 'text',
  textHashThreshold: 'number',
  hashAlgorithm: 'text',
  keyStyle: 'text',
  textSizeTiers: { small: 'number', medium: 'number', large: 'number' },
  operationTtls: 'json',
}

/** Options that a `GenericRedisCache` does not have. */
export const AI_SPECIFIC: Readonly<
  Record<Exclude<OptionName, keyof GenericRedisCacheOptions>, true>
> = {
  hashAlgorithm: true,
  keyStyle: true,
  operationTtls: true,
  revive: true,
  serialize: true,
  textHashThreshold: true,
  textSizeTiers: true,
}

export type FieldName = Exclude<OptionName, CodeOnlyName>

export const FIELD_NAMES: readonly FieldName[] = Object.keys(FIELDS) as FieldName[]

/** Where Redis is. Only one of them can be given. */
export const LOCATIONS: readonly ('redisUrl' | 'sentinel' | 'cluster')[] = [
  'redisUrl',
  'sentinel',
  'cluster',
]

/** The name that the Python version has for `l1CacheSize`. */
export const OLD_SIZE_NAME = 'memoryCacheSize'

/** Names by which a file or an object can set a field, and the option that each one sets. */
export const MAPPINGS: Readonly<Record<string, FieldName>> = {
  ...Object.fromEntries(FIELD_NAMES.map((name) => [snakeCaseOf(name), name])),
  [snakeCaseOf(OLD_SIZE_NAME)]: 'l1CacheSize',
  [OLD_SIZE_NAME]: 'l1CacheSize',
}

/** Returns the option that a name in snake case or camel case stands for. */
export function fieldNamed(written: string): FieldName | 'preset' | undefined {
  if (written === 'preset' || Object.hasOwn(FIELDS, written)) return written as FieldName
  return Object.hasOwn(MAPPINGS, written) ? MAPPINGS[written] : undefined
}

/** Whether a name stands for an option that only code can set. */
export function isCodeOnly(written: string): boolean {
  return Object.hasOwn(CODE_ONLY, camelCaseOf(written) ?? written)
}
