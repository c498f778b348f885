import { timers } from '@verbatim/cache-core/implement'
import { vi } from 'vitest'

const real = { ...timers }

/** Fakes the timers of the platform and those that the cache has captured. */
export function useFakeTimers(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  timers.setTimeout = globalThis.setTimeout
  timers.clearTimeout = globalThis.clearTimeout
}

export function useRealTimers(): void {
  vi.useRealTimers()
  Object.assign(timers, real)
}
