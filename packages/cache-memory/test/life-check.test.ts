import { execFile } from 'node:child_process'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { ManualClock, systemClock } from '@verbatim/cache-core'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { LifeCheck } from '../src/life-check.js'

const HOUR_MS = 3_600_000

describe('with a clock of the caller', () => {
  test('every answer is exact, to the millisecond', () => {
    const clock = new ManualClock()
    const check = new LifeCheck(clock)
    for (const expiresAt of [10, HOUR_MS]) {
      clock.advance(expiresAt - clock.now())
      expect(check.isAlive(expiresAt)).toBe(true)
      clock.advance(1)
      expect(check.isAlive(expiresAt)).toBe(false)
    }
    expect(check.isAlive(Number.POSITIVE_INFINITY)).toBe(true)
  })
})

describe("with the machine's clock", () => {
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

  test('of many hits in one go one in a hundred costs a look at the clock', async () => {
    const check = new LifeCheck(systemClock)
    for (let hit = 0; hit < 7 + 10 * 101; hit++) {
      expect(check.isAlive(HOUR_MS)).toBe(true)
      await Promise.resolve()
    }
    expect(readClock).toHaveBeenCalledTimes(7 + 10)
  })

  test('of few hits at a time every one does', async () => {
    const check = new LifeCheck(systemClock)
    for (let hit = 0; hit < 100; hit++) {
      expect(check.isAlive(HOUR_MS)).toBe(true)
      elapsed += 0.002
      if (hit % 4 === 0) await nextTurn()
    }
    expect(readClock).toHaveBeenCalledTimes(100)
  })

  test('what has ten seconds or less to live is looked at every time', () => {
    const check = new LifeCheck(systemClock)
    expect(check.isAlive(10_000)).toBe(true)
    elapsed = 10_001
    expect(check.isAlive(10_000)).toBe(false)
  })

  test('once all promises are through the clock is read again', async () => {
    const check = new LifeCheck(systemClock)
    for (let hit = 0; hit < 8; hit++) check.isAlive(HOUR_MS)
    elapsed = HOUR_MS + 1
    await nextTurn()
    expect(check.isAlive(HOUR_MS)).toBe(false)
  })

  test('while they are not, hits are counted instead', () => {
    const check = new LifeCheck(systemClock)
    for (let hit = 0; hit < 8; hit++) check.isAlive(HOUR_MS)
    elapsed = HOUR_MS + 1
    let hits = 0
    while (check.isAlive(HOUR_MS)) hits++
    expect(hits).toBe(100)
  })
})

test('a process that was stopped answers nobody with what expired meanwhile', async () => {
  const script = fileURLToPath(new URL('woken.ts', import.meta.url))
  const args = ['--import', import.meta.resolve('tsx'), script]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  expect(stdout).toBe('undefined\n')
})
