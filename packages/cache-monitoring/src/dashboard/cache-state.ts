import type { CacheInterface } from '@verbatim/cache-core'
import type { CacheState } from './overview.js'

/** The statistics of a cache, as far as the dashboard reads them. Each kind of cache has some of them. */
interface AnyStats {
  readonly mode?: unknown
  readonly staleServed?: unknown
  readonly redis?: {
    readonly circuit?: unknown
    readonly lastError?: unknown
    readonly lastErrorCode?: unknown
    readonly unconfirmedDeletes?: unknown
    readonly scripting?: unknown
  }
  readonly memory?: MemoryFigures | undefined
}

interface MemoryFigures {
  readonly tracking?: unknown
  readonly trackingLagMs?: unknown
  readonly totalEntries?: unknown
  readonly maxSize?: unknown
  readonly bytes?: unknown
  readonly maxBytes?: unknown
  readonly evictions?: unknown
  readonly defaultTtl?: unknown
}

/** Returns the state of a cache by its statistics. Figures that the cache does not have are absent. */
export function stateOf(name: string, stats: AnyStats): CacheState {
  const mode = text(stats.mode) ?? 'memory'
  const memory = memoryFiguresOf(stats)
  return knownOf<CacheState>({
    name,
    mode,
    entries: number(memory.totalEntries),
    maxEntries: number(memory.maxSize),
    bytes: number(memory.bytes),
    maxBytes: number(memory.maxBytes),
    evictions: number(memory.evictions),
    staleServed: number(stats.staleServed),
    ...(mode !== 'memory' && {
      circuit: text(stats.redis?.circuit),
      lastErrorCode: text(stats.redis?.lastErrorCode),
      unconfirmedDeletes: number(stats.redis?.unconfirmedDeletes),
      tracking: text(memory.tracking),
      trackingLagMs: number(memory.trackingLagMs),
    }),
  })
}

/** Returns the figures of the memory tier. A cache with one tier has them at the top. */
export function memoryFiguresOf(stats: AnyStats): MemoryFigures {
  return stats.mode === undefined ? (stats as MemoryFigures) : (stats.memory ?? {})
}

/** Returns the fields that are known. */
export function knownOf<T>(fields: { readonly [Name in keyof T]: T[Name] | undefined }): T {
  const known = Object.entries(fields).filter(([, value]) => value !== undefined)
  return Object.fromEntries(known) as T
}

/** Returns the statistics of a cache; none for a cache without them, and for one that fails. */
export function statsOf(cache: CacheInterface): AnyStats {
  const { getStats } = cache as { readonly getStats?: unknown }
  if (typeof getStats !== 'function') return {}
  try {
    const stats: unknown = Reflect.apply(getStats, cache, [])
    return Object(stats) as AnyStats
  } catch {
    return {}
  }
}

export function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

export function number(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}
