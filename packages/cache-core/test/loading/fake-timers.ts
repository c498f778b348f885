import { afterEach, beforeEach, vi } from 'vitest'

/** Gives every test of a file fake timers, and fails those that leave some of them running. */
export function withFakeTimers(): void {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  })

  afterEach(() => {
    const left = vi.getTimerCount()
    vi.useRealTimers()
    if (left > 0) throw new Error(`${left} timers were left running`)
  })
}
