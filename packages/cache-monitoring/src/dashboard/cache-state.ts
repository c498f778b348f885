import type { CacheInterface } from '@verbatim/cache-core'
import type { CacheState } from './overview.js'

/** The statistics of a cache, as far as the dashboard reads them. Each kind of cache has some of them. */
interface AnyStats {
  readonly mode?: unknown
  readonly staleServed?: unknown
  readonly redis?: {
    readonly circuit?: unknown
    readonly lastErrorCode?: unknown
    readonly unconfirmedDeletes?: unknown
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
}

/** Returns the state of a cache. Figures that the cache does not have are absent. */
export function stateOf(name: string, cache: CacheInterface): CacheState {
  const stats = statsOf(cache)
  const mode = text(stats.mode) ?? 'memory'
  // A cache with one tier has the figures of its memory at the top.
  const memory = stats.mode === undefined ? (stats as MemoryFigures) : (stats.memory ?? {})
  const state = {
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
  }
  const known = Object.entries(state).filter(([, value]) => value !== undefined)
  return Object.fromEntries(known) as unknown as CacheState
}

/** Returns the statistics of a cache; none for a cache without them, and for one that fails. */
function statsOf(cache: CacheInterface): AnyStats {
  const { getStats } = cache as { readonly getStats?: unknown }
  if (typeof getStats !== 'function') return {}
  try {
    const stats: unknown = Reflect.apply(getStats, cache, [])
    return Object(stats) as AnyStats
  } catch {
    return {}
  }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}
