import type { CacheInterface } from '@verbatim/cache-core'
import { classNameOf, hasMethod } from '@verbatim/cache-core/implement'
import { knownOf, memoryFiguresOf, number, stateOf, statsOf, text } from './cache-state.js'
import { hasKeyPatterns } from './explorer.js'
import type { CacheState } from './overview.js'

/** The state and the settings of a cache. Settings that the cache does not have are absent. */
export interface CacheSettings extends CacheState {
  /** The name of its class. */
  readonly type: string
  /** Whether its keys can be selected by operation and tenant. */
  readonly hasOperations: boolean
  /** In seconds; `null` for entries that never expire. */
  readonly defaultTtl?: number | null
  readonly keyStyle?: string
  /** `'scripts'`, or `'commands'` where Redis denies scripts. */
  readonly scripting?: string
  /** A sentence that says why Redis is unavailable, without a user or a password. */
  readonly lastError?: string
  /** The memory of all databases of Redis, in bytes. */
  readonly redisUsedBytes?: number
  /** The connections to Redis, of every program. */
  readonly redisClients?: number
}

/** Reads the settings of a cache, and the figures that its Redis reports. */
export async function settingsOf(name: string, cache: CacheInterface): Promise<CacheSettings> {
  const stats = statsOf(cache)
  const state = stateOf(name, stats)
  const { defaultTtl } = memoryFiguresOf(stats)
  const server = state.mode === 'memory' ? {} : await readFrom(cache, 'getServerInfo')
  return knownOf<CacheSettings>({
    ...state,
    type: classNameOf(cache),
    hasOperations: hasKeyPatterns(cache),
    defaultTtl: defaultTtl === null ? null : number(defaultTtl),
    keyStyle: text((cache as { readonly keyStyle?: unknown }).keyStyle),
    scripting: text(stats.redis?.scripting),
    lastError: state.mode === 'memory' ? undefined : text(stats.redis?.lastError),
    redisUsedBytes: number(server['usedMemoryBytes']),
    redisClients: number(server['connectedClients']),
  })
}

type Fields = Readonly<Record<string, unknown>>

/** Returns the result of a method; nothing for a cache without it, and where Redis does not respond. */
async function readFrom(cache: CacheInterface, method: string): Promise<Fields> {
  if (!hasMethod(cache, method)) return {}
  try {
    return Object(await Reflect.apply(Reflect.get(cache, method), cache, [])) as Fields
  } catch {
    return {}
  }
}
