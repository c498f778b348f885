import type { CacheMonitor } from '@verbatim/cache-core'

/** One monitor that tells several, for a cache takes but one. */
export function combineMonitors(...monitors: readonly CacheMonitor[]): CacheMonitor {
  return {
    observeOperation: (...observed) => {
      for (const monitor of monitors) monitor.observeOperation(...observed)
    },
    observeKeyGeneration: (...observed) => {
      for (const monitor of monitors) monitor.observeKeyGeneration(...observed)
    },
    observeCompression: (...observed) => {
      for (const monitor of monitors) monitor.observeCompression(...observed)
    },
    observeInvalidation: (...observed) => {
      for (const monitor of monitors) monitor.observeInvalidation(...observed)
    },
    observeMemory: (holder) => {
      for (const monitor of monitors) monitor.observeMemory?.(holder)
    },
  }
}
