import { afterEach, beforeEach, vi } from 'vitest'
import { timers } from '../../src/timers.js'

const real = { ...timers }

/**
 * Gives every test of a file fake timers, and fails those that leave some of them running. The cache
 * captures the real timers, so its own are replaced too.
 */
export function withFakeTimers(): void {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    timers.setTimeout = globalThis.setTimeout
    timers.clearTimeout = globalThis.clearTimeout
  })

  afterEach(() => {
    const left = vi.getTimerCount()
    vi.useRealTimers()
    Object.assign(timers, real)
    if (left > 0) throw new Error(`${left} timers were left running`)
  })
}
