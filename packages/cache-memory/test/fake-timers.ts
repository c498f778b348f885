import { timers } from '@verbatim/cache-core/implement'
import { vi } from 'vitest'

const real = { ...timers }

/** Replaces the timers of the platform, and those that the cache has captured, with fakes. */
export function useFakeTimers(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  timers.setTimeout = globalThis.setTimeout
  timers.clearTimeout = globalThis.clearTimeout
}

export function useRealTimers(): void {
  vi.useRealTimers()
  Object.assign(timers, real)
}
