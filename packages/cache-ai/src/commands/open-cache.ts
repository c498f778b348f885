import { type Command, Option } from 'commander'
import { AIResponseCache } from '../ai-response-cache.js'
import { AIResponseCacheConfig } from '../config/ai-response-cache-config.js'
import { KEY_STYLES, type KeyStyle } from '../keys/cache-key-generator.js'
import { configOf } from './config-command.js'

/** Where the cache is that a command is about. */
export interface CacheLocation {
  readonly config?: string
  readonly url?: string
  readonly prefix?: string
  readonly style?: KeyStyle
}

export function withLocation(command: Command): Command {
  return command
    .option('--config <file>', 'of the cache, JSON or YAML; without it, AI_CACHE_ variables')
    .option('--url <url>', 'of Redis, instead of what the configuration says')
    .option('--prefix <text>', 'of the keys (default: "ai_cache:")')
    .addOption(
      new Option('--style <name>', 'of the keys, instead of what the configuration says').choices(
        KEY_STYLES,
      ),
    )
}

/** What a file says, or without one the environment. */
export function configurationOf(file: string | undefined): Promise<AIResponseCacheConfig> {
  return file === undefined ? Promise.resolve(AIResponseCacheConfig.fromEnv()) : configOf(file)
}

/**
 * Opens a cache without a memory tier, whose errors are thrown.
 *
 * @param access - `readOnly`: whether nothing is written to Redis
 * @throws InfrastructureError when Redis is not there
 */
export async function openCache(
  { config, url, prefix, style }: CacheLocation,
  { readOnly }: { readonly readOnly: boolean },
): Promise<AIResponseCache> {
  const configured = await configurationOf(config)
  const cache = new AIResponseCache({
    ...configured.merge({ redisUrl: url, keyStyle: style }).checked().toCacheOptions(),
    ...{ keyPrefix: prefix, enableL1Cache: false, onBackendError: 'throw', readOnly },
  })
  try {
    await cache.connect({ required: true })
    return cache
  } catch (error) {
    await cache.close()
    throw error
  }
}
