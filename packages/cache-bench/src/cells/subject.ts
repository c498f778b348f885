import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { ConfigurationError } from '@verbatim/cache-core'
import { isError } from '@verbatim/cache-core/implement'
import { redactUrls } from '../load-cache.js'

/** Conditions under which a cache is created for a cell. */
export interface SubjectOptions {
  /** TTL of every entry, in milliseconds. */
  readonly ttlMs: number
  /** Size of the memory tier in entries. */
  readonly maxSize: number
  /** Redis server for caches that need one. */
  readonly redisUrl: string | undefined
  /** Start of every key in Redis. */
  readonly keyPrefix: string
  /** Loads the value of a key after a miss of `getOrSet`. */
  readonly load: (key: string) => Promise<unknown>
}

/** A measured cache. Functions that it does not have are absent. A miss is `undefined` or `null`. */
export interface Subject {
  readonly get?: (key: string) => Promise<unknown>
  readonly set?: (key: string, value: unknown) => Promise<unknown>
  readonly exists?: (key: string) => Promise<boolean>
  readonly delete?: (key: string) => Promise<unknown>
  /** Calls `load` of the options after a miss. */
  readonly getOrSet?: (key: string) => Promise<unknown>
  readonly getMany?: (keys: readonly string[]) => Promise<unknown>
  readonly setMany?: (entries: readonly (readonly [string, unknown])[]) => Promise<unknown>
  readonly setTagged?: (key: string, value: unknown, tag: string) => Promise<unknown>
  readonly invalidateTag?: (tag: string) => Promise<unknown>
  readonly invalidatePattern?: (pattern: string) => Promise<unknown>
  /** Returns the cached response of an AI request, after it was stored by `storeResponse`. */
  readonly getResponse?: (text: string) => Promise<unknown>
  readonly storeResponse?: (text: string) => Promise<unknown>
  readonly buildKey?: (text: string) => string
  readonly close?: () => Promise<unknown>
}

/** Creates a cache. */
export type CreateSubject = (options: SubjectOptions) => Subject | Promise<Subject>

/** A cache that a module offers. */
export interface SubjectVariant {
  /** Whether entries are only in this process, or also in Redis. */
  readonly tier: 'memory' | 'redis'
  /** Set-up: as installed, or as its authors advise for production. Default: `'stock'`. */
  readonly setup?: 'stock' | 'tuned'
  /** Whether the cache has no limit of its size. Default: false. */
  readonly isUnbounded?: boolean
  /** Whether this is a bare client: the least that a cache can cost, and no cache itself. Default: false. */
  readonly isFloor?: boolean
  /** Shortest TTL in milliseconds that the cache supports, if it is long. */
  readonly shortestTtlMs?: number
  readonly create: CreateSubject
}

/** The place of a cache: a module, and the name of a variant in the module. */
export interface SubjectReference {
  /** Name in results. */
  readonly name: string
  /** Absolute path of the module. */
  readonly module: string
  /** Name in the export `variants`. Default: the default export. */
  readonly variant?: string
  readonly tier: 'memory' | 'redis'
  readonly setup?: 'stock' | 'tuned'
  readonly isUnbounded?: boolean
  readonly isFloor?: boolean
  /** Exact versions of the packages of the cache. */
  readonly versions: Readonly<Record<string, string>>
}

/** A cache that cannot be loaded. */
export interface FailedReference {
  readonly name: string
  readonly error: string
}

interface LoadedModule {
  readonly default?: unknown
  readonly variants?: Readonly<Record<string, SubjectVariant>>
}

/**
 * Loads the cache of a module.
 *
 * @throws ConfigurationError (`INVALID_MODULE`) if the module cannot be loaded or does not have the cache
 */
export async function loadSubject(reference: SubjectReference): Promise<SubjectVariant> {
  const module = await loadModule(reference.module)
  if (reference.variant !== undefined) {
    const variant = module.variants?.[reference.variant]
    if (variant !== undefined) return variant
    throw invalidModule(reference.module, `must have the variant ${reference.variant}`)
  }
  if (typeof module.default !== 'function') {
    throw invalidModule(reference.module, 'must have a function as its default export')
  }
  const create = module.default as CreateSubject
  return {
    tier: 'memory',
    create: async (options) => conforming(reference.module, await create(options), options),
  }
}

/** @throws ConfigurationError (`INVALID_MODULE`) if the module cannot be loaded */
export async function loadModule(file: string): Promise<LoadedModule> {
  return (await import(pathToFileURL(path.resolve(file)).href).catch((cause: unknown) => {
    throw invalidModule(file, 'cannot be loaded', cause)
  })) as LoadedModule
}

/** Adapts the cache of a user: the methods of a `CacheInterface`, with their receiver. */
function conforming(file: string, value: unknown, { load }: SubjectOptions): Subject {
  const cache = Object(value) as Record<string, unknown>
  const method = <Result>(name: string): ((...args: unknown[]) => Promise<Result>) | undefined => {
    const found = cache[name]
    return typeof found === 'function' ? found.bind(cache) : undefined
  }
  const [get, set] = [method('get'), method('set')]
  if (get === undefined || set === undefined) {
    throw invalidModule(file, 'must return a cache with get() and set()')
  }
  const getOrSet = method('getOrSet')
  const optional = {
    exists: method<boolean>('exists'),
    delete: method('delete'),
    getOrSet: getOrSet && ((key: string) => getOrSet(key, () => load(key))),
    getMany: method('getMany'),
    setMany: method('setMany'),
    invalidatePattern: method('invalidatePattern'),
    close: method('close'),
  }
  return { get, set, ...withoutAbsent(optional) }
}

function withoutAbsent(methods: Readonly<Record<string, unknown>>): Partial<Subject> {
  return Object.fromEntries(Object.entries(methods).filter(([, found]) => found !== undefined))
}

function invalidModule(file: string, problem: string, cause?: unknown): ConfigurationError {
  const reason = isError(cause) ? `: ${withoutUrls(cause.message)}` : ''
  return new ConfigurationError(`module ${path.basename(file)} ${problem}${reason}`, {
    code: 'INVALID_MODULE',
    context: { module: path.basename(file) },
    cause,
  })
}

/** Returns the first line of a message without its URLs. */
export function withoutUrls(message: string): string {
  return redactUrls(message.split('\n')[0] ?? '')
}
