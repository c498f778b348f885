import { execFile } from 'node:child_process'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { ManualClock, systemClock } from '@verbatim/cache-core'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { ExpiryCheck } from '../src/expiry-check.js'

const HOUR_MS = 3_600_000

describe('an expiry check with a clock of the caller', () => {
  test('is exact to the millisecond', () => {
    const clock = new ManualClock()
    const check = new ExpiryCheck(clock)
    for (const expiresAt of [10, HOUR_MS]) {
      clock.advance(expiresAt - clock.now())
      expect(check.isPending(expiresAt)).toBe(true)
      clock.advance(1)
      expect(check.isPending(expiresAt)).toBe(false)
    }
    expect(check.isPending(Number.POSITIVE_INFINITY)).toBe(true)
  })
})

describe('an expiry check with the clock of the machine', () => {
  let elapsed = 0
  const readClock = vi.fn(() => elapsed)
  beforeEach(() => {
    elapsed = 0
    readClock.mockClear()
    vi.spyOn(systemClock, 'now').mockImplementation(readClock)
  })
  afterEach(() => {
    vi.restoreAllMocks()
  })

  test('reads the clock once for 16 hits of a run', async () => {
    const check = new ExpiryCheck(systemClock)
    for (let hit = 0; hit < 7 + 10 * 16; hit++) {
      expect(check.isPending(HOUR_MS)).toBe(true)
      await Promise.resolve()
    }
    expect(readClock).toHaveBeenCalledTimes(7 + 10)
  })

  test('reads the clock at every hit outside of a run', async () => {
    const check = new ExpiryCheck(systemClock)
    for (let hit = 0; hit < 100; hit++) {
      expect(check.isPending(HOUR_MS)).toBe(true)
      elapsed += 0.002
      if (hit % 4 === 0) await nextTurn()
    }
    expect(readClock).toHaveBeenCalledTimes(100)
  })

  test('reads the clock at every hit of an entry with at most five minutes left', () => {
    const check = new ExpiryCheck(systemClock)
    expect(check.isPending(300_000)).toBe(true)
    elapsed = 300_001
    expect(check.isPending(300_000)).toBe(false)
  })

  test('reads the clock again after all promises are settled', async () => {
    const check = new ExpiryCheck(systemClock)
    for (let hit = 0; hit < 8; hit++) check.isPending(HOUR_MS)
    elapsed = HOUR_MS + 1
    await nextTurn()
    expect(check.isPending(HOUR_MS)).toBe(false)
  })

  test('accepts an expired entry at most 15 times in a run that was suspended for minutes', () => {
    const check = new ExpiryCheck(systemClock)
    for (let hit = 0; hit < 8; hit++) check.isPending(HOUR_MS)
    elapsed = HOUR_MS + 1
    let hits = 0
    while (check.isPending(HOUR_MS)) hits++
    expect(hits).toBe(15)
  })
})

test('a process that was suspended returns no entry that expired during the pause', async () => {
  const script = fileURLToPath(new URL('woken.ts', import.meta.url))
  const args = ['--import', import.meta.resolve('tsx'), script]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  expect(stdout).toBe('undefined\n')
})
