import type { AIResponseCacheOptions } from '../options.js'
import type { CodeOnlyName } from './fields.js'

/** Seconds, or text with a unit. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`

export type PresetName =
  | 'default'
  | 'development'
  | 'testing'
  | 'production'
  | 'ai-development'
  | 'ai-production'

/** Options whose values are narrower in a configuration than in code. */
type NarrowerName = 'defaultTtl' | 'hashAlgorithm' | 'operationTtls'

/**
 * Every option of an `AIResponseCache` that plain data can express, and a preset to start from. An
 * option that is left out has its default.
 */
export interface ConfigValues extends Omit<AIResponseCacheOptions, CodeOnlyName | NarrowerName> {
  /** The preset to start from; the other fields override it. Default: `'default'`. */
  readonly preset?: PresetName | undefined
  /** In seconds, or with a unit; at most a year. Default: 3600. */
  readonly defaultTtl?: Duration | undefined
  /** Default: `'sha256'`. */
  readonly hashAlgorithm?: 'sha256' | 'sha384' | 'sha512' | 'sha1' | 'md5' | undefined
  /** The TTL of each operation. Added to the default table. Default: none. */
  readonly operationTtls?: Readonly<Record<string, Duration>> | undefined
}

/** The name of an option that can be configured. */
export type ConfigName = Exclude<keyof ConfigValues, 'preset'>
