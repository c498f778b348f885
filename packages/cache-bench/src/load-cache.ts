import { randomUUID } from 'node:crypto'
import { createRequire } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { ConfigurationError } from '@verbatim/cache-core'
import { connectOrClose, redisUrlFrom } from '@verbatim/cache-core/command-line'
import { isError } from '@verbatim/cache-core/implement'
import type * as memoryPackage from '@verbatim/cache-memory'
import type * as redisPackage from '@verbatim/cache-redis'
import type { BenchmarkedCache } from './scenarios/measurement.js'

const URLS = /\b[a-z][a-z0-9+.-]*:\/\/\S+/gi

/** Longest `--key-prefix` in UTF-16 units. The run appends 49 of the 128 units of a key prefix. */
export const MAX_KEY_PREFIX_LENGTH: number = 128 - 49

/** A cache that the command has created, and closes. */
export type LoadedCache = BenchmarkedCache & { close?(): Promise<void> }

/**
 * Creates an `InMemoryCache`.
 *
 * @throws ConfigurationError (`CACHE_NOT_INSTALLED`) with the command that installs it
 */
export async function loadMemoryCache(): Promise<LoadedCache> {
  const { InMemoryCache }: typeof memoryPackage = await import(resolve('@verbatim/cache-memory'))
  return new InMemoryCache()
}

/** Settings of `--cache redis`. */
export interface RedisCacheSettings {
  readonly redisUrl: string | undefined
  /** Text before the random prefix of the run. */
  readonly keyPrefix: string
  readonly enableL1Cache: boolean
}

/**
 * Creates a `GenericRedisCache` with a random key prefix, and connects it.
 *
 * @throws ConfigurationError (`CACHE_NOT_INSTALLED`) with the command that installs it
 * @throws InfrastructureError if Redis cannot be used. Only the memory tier would be measured then
 */
export async function loadRedisCache(settings: RedisCacheSettings): Promise<LoadedCache> {
  const { GenericRedisCache, isRedisUrl, REDIS_URL_FORM, DEFAULT_REDIS_URL }: typeof redisPackage =
    await import(resolve('@verbatim/cache-redis'))
  const rule = { isRedisUrl, form: REDIS_URL_FORM }
  const redisUrl = redisUrlFrom(settings.redisUrl, rule) ?? DEFAULT_REDIS_URL
  const cache = new GenericRedisCache({
    redisUrl,
    keyPrefix: `${settings.keyPrefix}cache-bench:${randomUUID()}:`,
    enableL1Cache: settings.enableL1Cache,
    onBackendError: 'throw',
    // A slow reply is a result here, not a failure.
    commandTimeout: 10_000,
  })
  return connectOrClose(cache)
}

/**
 * Creates a cache with the function that a module exports as its default.
 *
 * @throws ConfigurationError (`INVALID_MODULE`) if there is no such function or it returns no cache
 */
export async function loadCacheFromModule(modulePath: string): Promise<LoadedCache> {
  const loaded: { default?: unknown } = await import(
    pathToFileURL(path.resolve(modulePath)).href
  ).catch((cause: unknown) => {
    throw invalidModule(modulePath, 'cannot be loaded', cause)
  })
  if (typeof loaded.default !== 'function') {
    throw invalidModule(modulePath, 'must have a function as its default export')
  }
  const cache: unknown = await loaded.default()
  if (isCache(cache)) return cache
  throw invalidModule(modulePath, 'must return a cache with get(), set(), exists() and delete()')
}

/** Returns a text without its URLs, because a URL can contain a password. */
export function redactUrls(text: string): string {
  return text.replaceAll(URLS, '<url>')
}

/** Returns the URL of a package that is installed in the working directory. */
function resolve(packageName: string): string {
  try {
    const { resolve: resolveThere } = createRequire(path.join(process.cwd(), 'package.json'))
    return pathToFileURL(resolveThere(packageName)).href
  } catch (cause) {
    throw new ConfigurationError(
      `${packageName} is not installed here; run: npm install ${packageName}`,
      { code: 'CACHE_NOT_INSTALLED', context: { package: packageName }, cause },
    )
  }
}

function isCache(value: unknown): value is LoadedCache {
  return ['get', 'set', 'exists', 'delete'].every(
    (method) => typeof Reflect.get(Object(value), method) === 'function',
  )
}

function invalidModule(modulePath: string, problem: string, cause?: unknown): ConfigurationError {
  // The message can contain a URL with a password.
  const message = isError(cause) ? redactUrls(cause.message) : ''
  const reason = message === '' ? '' : `: ${message}`
  return new ConfigurationError(`module ${modulePath} ${problem}${reason}`, {
    code: 'INVALID_MODULE',
    context: { module: modulePath },
    cause,
  })
}
