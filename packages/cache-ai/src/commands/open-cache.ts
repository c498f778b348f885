import { ValidationError } from '@verbatim/cache-core'
import { connectOrClose, type RedisUrlRule, redisUrlFrom } from '@verbatim/cache-core/command-line'
import { isRedisUrl, REDIS_URL_FORM } from '@verbatim/cache-redis'
import { type Command, Option } from 'commander'
import { AIResponseCache } from '../ai-response-cache.js'
import { AIResponseCacheConfig } from '../config/ai-response-cache-config.js'
import { DEFAULTS, LOCATIONS } from '../config/settings.js'
import { KEY_SETTINGS, type KeyStyle } from '../keys/cache-key-generator.js'
import { configOf } from './config-command.js'

export const REDIS_URL_RULE: RedisUrlRule = { isRedisUrl, form: REDIS_URL_FORM }

/** In milliseconds. Longer than the default of a cache, because no request waits for a command. */
const COMMAND_TIMEOUT = 10_000

/** The options that determine keys. */
export interface KeyLocation {
  readonly config?: string
  readonly keyPrefix?: string
  /** The old name of `keyPrefix`. */
  readonly prefix?: string
  readonly style?: KeyStyle
}

/** The options that determine keys and the location of Redis. */
export interface CacheLocation extends KeyLocation {
  readonly redisUrl?: string
  /** The old name of `redisUrl`. */
  readonly url?: string
}

/** Adds the options that determine keys. */
export function withKeyLocation(command: Command): Command {
  return command
    .option('--config <file>', 'a JSON or YAML file (default: AI_CACHE_ variables)')
    .option(
      '--key-prefix <text>',
      `the beginning of every key in Redis (default: "${DEFAULTS.keyPrefix}")`,
    )
    .addOption(new Option('--prefix <text>').hideHelp().conflicts('keyPrefix'))
    .addOption(
      new Option('--style <name>', 'the style of the keys').choices(KEY_SETTINGS.keyStyle.choices),
    )
}

/**
 * Adds the options that determine keys and the location of Redis.
 *
 * @param fallback - the location without `--redis-url`
 */
export function withLocation(
  command: Command,
  fallback = `the configuration, REDIS_URL or ${DEFAULTS.redisUrl}`,
): Command {
  return withKeyLocation(command)
    .option('--redis-url <url>', `redis:// or rediss:// (default: ${fallback})`)
    .addOption(new Option('--url <url>').hideHelp().conflicts('redisUrl'))
}

/** Returns the configuration of a file or of the environment. Options of the command override it. */
export async function configurationOf(location: KeyLocation): Promise<AIResponseCacheConfig> {
  const { config, prefix, style } = location
  const { keyPrefix = prefix } = location
  const [problem] = new AIResponseCacheConfig({ keyPrefix }).validate().errors
  if (problem !== undefined) throw new ValidationError(`--key-prefix ${problem.message}`)
  if (config === '')
    throw new ValidationError('--config must be the path of a file; received an empty text')
  const configured = config === undefined ? AIResponseCacheConfig.fromEnv() : await configOf(config)
  return configured.merge({ keyPrefix, keyStyle: style })
}

/**
 * Opens a cache that has no memory tier and throws errors of Redis.
 *
 * @param readOnly - whether the cache sends no command that writes
 * @param signal - closes the cache when it is aborted
 * @throws InfrastructureError when Redis cannot be used
 */
export async function openCache(
  location: CacheLocation,
  { readOnly, signal }: { readonly readOnly: boolean; readonly signal: AbortSignal },
): Promise<AIResponseCache> {
  const configured = await configurationOf(location)
  const flag = location.redisUrl ?? location.url
  const isLocated = LOCATIONS.some((name) => configured.given[name] !== undefined)
  const isGiven = flag !== undefined || !isLocated
  const redisUrl = isGiven ? redisUrlFrom(flag, REDIS_URL_RULE) : undefined
  const config = configured.merge({ redisUrl, enableL1Cache: false }).checked()
  const cache = new AIResponseCache({
    ...config.toCacheOptions(),
    ...{ onBackendError: 'throw', readOnly, commandTimeout: COMMAND_TIMEOUT },
  })
  signal.addEventListener('abort', () => void cache.close())
  return connectOrClose(cache)
}
