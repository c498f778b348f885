import { randomUUID } from 'node:crypto'
import { createRequire } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { ConfigurationError, isError } from '@verbatim/cache-core'
import { connectOrClose, redisUrlFrom } from '@verbatim/cache-core/command-line'
import type * as memoryPackage from '@verbatim/cache-memory'
import type * as redisPackage from '@verbatim/cache-redis'
import type { BenchmarkedCache } from './basic-operations.js'

const URLS = /\b[a-z][a-z0-9+.-]*:\/\/\S+/gi

/** In UTF-16 units. The prefix of the cache, of at most 128, ends with 49 of the run. */
export const LONGEST_KEY_PREFIX: number = 128 - 49

export type LoadedCache = BenchmarkedCache & { close?(): Promise<void> }

/** @throws ConfigurationError (`CACHE_NOT_INSTALLED`) that says what to install */
export async function loadMemoryCache(): Promise<LoadedCache> {
  const { InMemoryCache }: typeof memoryPackage = await import(resolve('@verbatim/cache-memory'))
  return new InMemoryCache()
}

/** What `--cache redis` is measured with. */
export interface RedisCacheSettings {
  readonly redisUrl: string | undefined
  /** Stands before the prefix of the run. */
  readonly keyPrefix: string
  readonly withL1: boolean
}

/**
 * Connects to Redis under a prefix that no other run has.
 *
 * @throws ConfigurationError (`CACHE_NOT_INSTALLED`) that says what to install
 * @throws InfrastructureError when Redis cannot be used: the figures would be those of the memory
 * tier alone
 */
export async function loadRedisCache(settings: RedisCacheSettings): Promise<LoadedCache> {
  const { GenericRedisCache, isRedisUrl, REDIS_URL_FORM, DEFAULT_REDIS_URL }: typeof redisPackage =
    await import(resolve('@verbatim/cache-redis'))
  const rule = { isRedisUrl, form: REDIS_URL_FORM }
  const redisUrl = redisUrlFrom(settings.redisUrl, rule) ?? DEFAULT_REDIS_URL
  const cache = new GenericRedisCache({
    redisUrl,
    keyPrefix: `${settings.keyPrefix}cache-bench:${randomUUID()}:`,
    enableL1Cache: settings.withL1,
    onBackendError: 'throw',
    // A slow answer is a figure here, not a failure.
    commandTimeout: 10_000,
  })
  return connectOrClose(cache)
}

/**
 * Makes a cache with the default export of a module, a function.
 *
 * @throws ConfigurationError (`INVALID_MODULE`) when there is none, or what it makes is no cache
 */
export async function loadCacheFromModule(modulePath: string): Promise<LoadedCache> {
  const loaded: { default?: unknown } = await import(
    pathToFileURL(path.resolve(modulePath)).href
  ).catch((cause: unknown) => {
    throw invalidModule(modulePath, 'cannot be loaded', cause)
  })
  if (typeof loaded.default !== 'function') {
    throw invalidModule(modulePath, 'has no function as its default export')
  }
  const cache: unknown = await loaded.default()
  if (isCache(cache)) return cache
  throw invalidModule(modulePath, 'does not make a cache: get, set, exists and delete are needed')
}

/** Finds a package as a program in the working directory would. */
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
  // The message of a module may quote a URL with a password.
  const message = isError(cause) ? cause.message.replaceAll(URLS, '<url>') : ''
  const reason = message === '' ? '' : `: ${message}`
  return new ConfigurationError(`module ${modulePath} ${problem}${reason}`, {
    code: 'INVALID_MODULE',
    context: { module: modulePath },
    cause,
  })
}
