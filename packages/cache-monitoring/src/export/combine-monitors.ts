import { type CacheMonitor, invalidArgument } from '@verbatim/cache-core'

/** The methods that every monitor has. */
const REQUIRED = [
  'observeOperation',
  'observeKeyGeneration',
  'observeCompression',
  'observeInvalidation',
] as const

/**
 * Returns a monitor that passes everything on to several others. A cache accepts only one monitor.
 *
 * @throws ValidationError for an argument that is not a monitor
 */
export function combineMonitors(...monitors: readonly CacheMonitor[]): CacheMonitor {
  for (const [index, monitor] of monitors.entries()) {
    if (isMonitor(monitor)) continue
    throw invalidArgument(`monitors[${index}]`, 'a cache monitor', monitor)
  }
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

function isMonitor(value: unknown): boolean {
  const monitor = Object(value)
  return REQUIRED.every((method) => typeof Reflect.get(monitor, method) === 'function')
}
