import { ValidationError } from '@verbatim/cache-core'
import { examples, redisUrlFrom } from '@verbatim/cache-core/command-line'
import { Command } from 'commander'
import { AIResponseCache } from '../ai-response-cache.js'
import type { AIResponseCacheConfig } from '../config/ai-response-cache-config.js'
import { LOCATIONS } from '../config/settings.js'
import { ProxyServer } from '../proxy/proxy-server.js'
import { type CacheLocation, configurationOf, REDIS_URL_RULE, withLocation } from './open-cache.js'
import { printLines } from './print.js'

/** Makes `cache-ai proxy`. */
export function proxyCommand(signal: AbortSignal): Command {
  return withLocation(new Command('proxy'), 'the configuration, or no Redis')
    .description(
      'serve HTTP requests to models from the cache; without a location of Redis, from memory',
    )
    .requiredOption(
      '--upstream <url>',
      'the address of the provider, such as https://api.openai.com',
    )
    .option('--port <number>', 'the port to listen on', '4141')
    .option('--host <address>', 'the address to listen on', '127.0.0.1')
    .option('--ttl <duration>', 'the TTL of answers: seconds, or 5m (default: of the cache)')
    .option('--shared', 'share answers between callers with different credentials')
    .addHelpText(
      'after',
      examples(
        'cache-ai proxy --upstream https://api.openai.com',
        'cache-ai proxy --upstream https://api.anthropic.com --port 8080 --ttl 1h',
      ),
    )
    .action((given: Given) => serve(given, signal))
}

type Given = CacheLocation & {
  readonly upstream: string
  readonly port: string
  readonly host: string
  readonly ttl?: string
  readonly shared?: true
}

async function serve(given: Given, signal: AbortSignal): Promise<void> {
  const { upstream, port, host, ttl, shared, ...location } = given
  const configured = await configurationOf(location)
  await using cache = await openProxyCache(location, configured)
  const server = new ProxyServer({
    ...{ cache, upstream: upstreamUrl(upstream), isShared: shared === true },
    keySecret: configured.values.keySecret,
    ...(ttl !== undefined && { ttl: (/^\d+$/.test(ttl) ? Number(ttl) : ttl) as `${number}s` }),
  })
  printLines([`listening on ${await server.listen(portNumber(port), host)}`])
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve())
  })
  await server.close()
}

async function openProxyCache(
  { url, redisUrl: flag = url }: CacheLocation,
  config: AIResponseCacheConfig,
): Promise<AIResponseCache> {
  const redisUrl = flag === undefined ? undefined : redisUrlFrom(flag, REDIS_URL_RULE)
  const configured = config.merge({ redisUrl })
  const isLocated =
    redisUrl !== undefined || LOCATIONS.some((name) => configured.given[name] !== undefined)
  const { redisUrl: given, ...options } = configured.checked().toCacheOptions()
  // Without a location there is no default address either: answers stay in memory.
  const cache = new AIResponseCache({ ...options, redisUrl: isLocated ? given : undefined })
  if (isLocated) await cache.connect()
  return cache
}

function upstreamUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isHttp = url?.protocol === 'http:' || url?.protocol === 'https:'
  if (url !== undefined && isHttp && url.href === `${url.origin}${url.pathname}`) return url
  throw new ValidationError(
    '--upstream must be an http:// or https:// address without credentials and parameters; received another text',
  )
}

function portNumber(text: string): number {
  const port = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (port <= 65_535) return port
  throw new ValidationError('--port must be an integer from 0 to 65535; received another text')
}
