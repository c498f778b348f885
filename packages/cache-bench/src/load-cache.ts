import { randomUUID } from 'node:crypto'
import { createRequire } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { ConfigurationError, InfrastructureError } from '@verbatim/cache-core'
import type * as memoryPackage from '@verbatim/cache-memory'
import type * as redisPackage from '@verbatim/cache-redis'
import type { BenchmarkedCache } from './basic-operations.js'

export type LoadedCache = BenchmarkedCache & { close?(): Promise<void> }

/** @throws ConfigurationError (`CACHE_NOT_INSTALLED`) that says what to install */
export async function loadMemoryCache(): Promise<LoadedCache> {
  const { InMemoryCache }: typeof memoryPackage = await import(resolve('@verbatim/cache-memory'))
  return new InMemoryCache()
}

/**
 * Connects to Redis under a prefix that nobody else has.
 *
 * @throws ConfigurationError (`CACHE_NOT_INSTALLED`) that says what to install
 * @throws InfrastructureError when Redis cannot be used: the figures would be those of the memory
 * tier alone
 */
export async function loadRedisCache(redisUrl: string, withL1: boolean): Promise<LoadedCache> {
  const { GenericRedisCache }: typeof redisPackage = await import(resolve('@verbatim/cache-redis'))
  const cache = new GenericRedisCache({
    redisUrl,
    keyPrefix: `cache-bench:${randomUUID()}:`,
    enableL1Cache: withL1,
    onBackendError: 'throw',
  })
  if (await cache.connect()) return cache
  await cache.close()
  throw new InfrastructureError(
    `Redis at ${new URL(redisUrl).host} cannot be used: it does not answer, or refuses the user`,
  )
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
  const reason = cause instanceof Error ? `: ${cause.message}` : ''
  return new ConfigurationError(`module ${modulePath} ${problem}${reason}`, {
    code: 'INVALID_MODULE',
    context: { module: modulePath },
    cause,
  })
}
