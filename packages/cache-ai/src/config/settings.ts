import {
  DEFAULT_REDIS_URL,
  REDIS_CACHE_OPTIONS,
  REDIS_SETTINGS,
  type RedisSetting,
  type SecurityConfigOptions,
} from '@verbatim/cache-redis'
import { KEY_SETTINGS } from '../keys/cache-key-generator.js'
import { KEY_SECRET_SETTING } from '../keys/key-secret.js'
import type { AIResponseCacheOptions } from '../options.js'

/** Seconds, or text with a unit. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`

export type PresetName =
  | 'default'
  | 'development'
  | 'testing'
  | 'production'
  | 'ai-development'
  | 'ai-production'

/** Options that are functions or objects with methods. A file cannot hold them. */
type CodeOnlyName = Extract<
  keyof AIResponseCacheOptions,
  'client' | 'encryption' | 'performanceMonitor' | 'clock' | 'logger' | 'serialize' | 'revive'
>

/** Options whose values are narrower in a configuration than in code. */
type NarrowerName =
  | 'defaultTtl'
  | 'hashAlgorithm'
  | 'keySecret'
  | 'operationTtls'
  | 'securityConfig'

/**
 * Every option of an `AIResponseCache` that plain data can express, and a preset to start from. An
 * option that is left out has its default.
 */
export interface ConfigValues extends Omit<AIResponseCacheOptions, CodeOnlyName | NarrowerName> {
  /** The preset to start from; the other fields override it. Default: `'default'`. */
  readonly preset?: PresetName | undefined
  /** TTL of a response without one, in seconds or with a unit. At most a year. Default: 3600. */
  readonly defaultTtl?: Duration | undefined
  /** Default: `'sha256'`. */
  readonly hashAlgorithm?: 'sha256' | 'sha384' | 'sha512' | 'sha1' | 'md5' | undefined
  /** A secret of 32 to 1,024 characters for the digests in keys; needs `keyStyle: 'hashed'`. Default: none. */
  readonly keySecret?: string | undefined
  /** The login, TLS and certificates of Redis, without functions and bytes. Default: those of the URL. */
  readonly securityConfig?: PlainSecurityConfig | undefined
  /** TTLs by operation, added to the default table. Default: none. */
  readonly operationTtls?: Readonly<Record<string, Duration>> | undefined
}

/** A field of a security configuration that plain data can express. */
type PlainSecurityField = Exclude<keyof SecurityConfigOptions, 'tlsCa' | 'tlsCert' | 'tlsKey'>

/** A security configuration without functions and bytes. */
type PlainSecurityConfig = {
  readonly [Name in PlainSecurityField]?: Extract<SecurityConfigOptions[Name], string | boolean>
}

/** The name of an option that can be configured. */
export type ConfigName = Exclude<keyof ConfigValues, 'preset'>

/** The kind of a value. Its check, its variable and its row in the table of settings follow from it. */
type Kind =
  | Omit<Extract<RedisSetting, { kind: 'integer' }>, 'default'>
  | Omit<Extract<RedisSetting, { kind: 'choice' }>, 'default'>
  | (Omit<Extract<RedisSetting, { kind: 'text' }>, 'default'> & {
      /** Whether the text names the cache in messages. Default: false. */
      readonly isName?: boolean
      /** Default: 1. */
      readonly minLength?: number
    })
  | { readonly kind: 'flag' | 'ttl' | 'ttls' | 'url' | 'urls' }
  | { readonly kind: 'object'; readonly fields: Fields; readonly isAscending?: boolean }

/** The fields of an object. */
export type Fields = Readonly<Record<string, Kind & { readonly isOptional?: boolean }>>

/** One option that plain data can express. */
export type Setting = Kind & {
  /** Left out for a setting that is unset by default. */
  readonly default?: unknown
  /** The name of the setting in the Python version, where it is another one. */
  readonly pythonName?: string
}

const SIZE = { kind: 'integer', min: 1, max: 1e9, unit: 'code points' } as const

const SECRET = { kind: 'text', maxLength: 65_536, isOptional: true } as const
const TEXT = { kind: 'text', maxLength: 4_096, isOptional: true } as const
const FLAG = { kind: 'flag', isOptional: true } as const

/** The fields of `securityConfig`. `SecurityConfig` checks how they fit together. */
const SECURITY_FIELDS: Readonly<Record<PlainSecurityField, Fields[string]>> = {
  redisAuth: SECRET,
  aclUsername: TEXT,
  aclPassword: SECRET,
  useTls: FLAG,
  tlsCaPath: TEXT,
  tlsCertPath: TEXT,
  tlsKeyPath: TEXT,
  tlsKeyPassphrase: SECRET,
  serverName: TEXT,
  verifyCertificates: FLAG,
  allowUnverifiedCertificates: FLAG,
  minTlsVersion: { kind: 'choice', choices: ['TLSv1.2', 'TLSv1.3'], isOptional: true },
  cipherSuites: TEXT,
}

/**
 * The only list of settings. A new option of the cache does not compile until it is here or a
 * {@link CodeOnlyName}.
 */
export const SETTINGS: Readonly<Record<ConfigName, Setting>> = {
  redisUrl: { kind: 'url', default: DEFAULT_REDIS_URL },
  sentinel: {
    kind: 'object',
    fields: {
      name: { kind: 'text', maxLength: 1_024 },
      urls: { kind: 'urls' },
      username: { kind: 'text', maxLength: 1_024, isOptional: true },
      password: { kind: 'text', maxLength: 65_536, isOptional: true },
      database: { kind: 'integer', min: 0, max: 2 ** 31 - 1, isOptional: true },
      tls: { kind: 'flag', isOptional: true },
    },
  },
  cluster: { kind: 'object', fields: { urls: { kind: 'urls' } } },
  securityConfig: { kind: 'object', fields: SECURITY_FIELDS },
  ...REDIS_SETTINGS,
  keyPrefix: { ...REDIS_SETTINGS.keyPrefix, default: 'ai_cache:' },
  l1CacheSize: { ...REDIS_SETTINGS.l1CacheSize, max: 10_000, pythonName: 'memoryCacheSize' },
  isolation: { ...REDIS_SETTINGS.isolation, default: 'freeze' },
  name: { kind: 'text', maxLength: 64, isName: true },
  ...KEY_SETTINGS,
  keySecret: KEY_SECRET_SETTING,
  textSizeTiers: {
    kind: 'object',
    default: { small: 500, medium: 5_000, large: 50_000 },
    fields: { small: SIZE, medium: SIZE, large: SIZE },
    isAscending: true,
  },
  operationTtls: { kind: 'ttls', default: {} },
}

export const SETTING_NAMES: readonly ConfigName[] = Object.keys(SETTINGS) as ConfigName[]

/** Settings that say where Redis is. A configuration can give only one of them. */
export const LOCATIONS: readonly ('redisUrl' | 'sentinel' | 'cluster')[] = [
  'redisUrl',
  'sentinel',
  'cluster',
]

const CODE_ONLY: Readonly<Record<CodeOnlyName, true>> = {
  client: true,
  encryption: true,
  performanceMonitor: true,
  clock: true,
  logger: true,
  serialize: true,
  revive: true,
}

/** Options that no file and no variable can hold. */
export const CODE_ONLY_NAMES: readonly string[] = Object.keys(CODE_ONLY)

/** The names of all options of an `AIResponseCache`. */
export const OPTION_NAMES: ReadonlySet<string> = new Set([...SETTING_NAMES, ...CODE_ONLY_NAMES])

/** The names of the options that a `GenericRedisCache` has too. */
export const GENERIC_NAMES: ReadonlySet<string> = new Set(REDIS_CACHE_OPTIONS)

type WithoutDefault = 'sentinel' | 'cluster' | 'securityConfig' | 'name' | 'keySecret'

type Defaults = {
  readonly [Name in Exclude<ConfigName, WithoutDefault>]: NonNullable<ConfigValues[Name]>
}

/** All settings in effect. Only one of `redisUrl`, `sentinel` and `cluster` is present. */
export type CompleteConfig = Omit<Defaults, 'redisUrl'> &
  Pick<ConfigValues, 'redisUrl' | WithoutDefault>

/** The settings in effect unless a preset or a field overrides them. */
export const DEFAULTS: Defaults = Object.fromEntries(
  SETTING_NAMES.map((name) => [name, SETTINGS[name].default]).filter(
    ([, value]) => value !== undefined,
  ),
)

/** Every name that a file can use, and the setting that it stands for. */
export const FILE_NAMES: Readonly<Record<string, ConfigName>> = Object.fromEntries(
  SETTING_NAMES.flatMap((name) => {
    const { pythonName } = SETTINGS[name]
    const others = pythonName === undefined ? [] : [snakeCaseOf(pythonName), pythonName]
    return [snakeCaseOf(name), ...others].map((written) => [written, name])
  }),
)

/** Returns the setting that a name in snake case or camel case stands for. */
export function settingNamed(written: string): ConfigName | 'preset' | undefined {
  if (written === 'preset' || isSetting(written)) return written
  return Object.hasOwn(FILE_NAMES, written) ? FILE_NAMES[written] : undefined
}

/** Returns whether a name is that of a setting. */
export function isSetting(name: string): name is ConfigName {
  return Object.hasOwn(SETTINGS, name)
}

/** Returns whether a name stands for an option that only code can set. */
export function isCodeOnly(written: string): boolean {
  return Object.hasOwn(CODE_ONLY, camelCaseOf(written) ?? written)
}

/** Returns `default_ttl` for `defaultTtl`. */
export function snakeCaseOf(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

/** Returns `DEFAULT_TTL` for `defaultTtl`. */
export function upperCaseOf(name: string): string {
  return snakeCaseOf(name).toUpperCase()
}

/** Returns `defaultTtl` for `default_ttl`, and `undefined` for a name that is not in snake case. */
export function camelCaseOf(name: string): string | undefined {
  if (!/^[a-z][a-z0-9]*(_[a-z0-9]+)+$/.test(name)) return undefined
  return name.replaceAll(/_([a-z0-9])/g, (_match, first: string) => first.toUpperCase())
}
