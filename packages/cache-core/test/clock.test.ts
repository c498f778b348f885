import { expect, test } from 'vitest'
import { ManualClock, systemClock, ValidationError } from '../src/index.js'
import { FourMethodCache } from './four-method-cache.js'

test('a manual clock stands still until advance', () => {
  const clock = new ManualClock(1_000)
  expect([clock.now(), clock.wallTime()]).toEqual([0, 1_000])
  clock.advance(250)
  clock.advance(0)
  clock.advance(0.5)
  expect([clock.now(), clock.wallTime()]).toEqual([250.5, 1_250.5])
})

test('a manual clock starts on 1 January 2026 by default', () => {
  expect(new Date(new ManualClock().wallTime()).toISOString()).toBe('2026-01-01T00:00:00.000Z')
})

test.each<unknown>([-1, -0.001, Number.NaN, Infinity, '5', null, undefined, 5n])(
  'a manual clock does not advance by %o',
  (step) => {
    const clock = new ManualClock()
    clock.advance(5)
    expect(() => clock.advance(step as number)).toThrow(ValidationError)
    expect(() => clock.advance(step as number)).toThrow(
      'milliseconds must be a finite number from 0',
    )
    expect(clock.now()).toBe(5)
  },
)

test.each<unknown>([Number.NaN, Infinity, '2026-01-01', null, new Date(), 5n])(
  'a manual clock does not start at %o',
  (startedAt) => {
    expect(() => new ManualClock(startedAt as number)).toThrow(ValidationError)
    expect(() => new ManualClock(startedAt as number)).toThrow('startedAt must be milliseconds')
  },
)

test('the system clock never runs backwards and has the current date', () => {
  const readings = Array.from({ length: 1_000 }, () => systemClock.now())
  expect(readings).toEqual(readings.toSorted((one, other) => one - other))
  expect(Math.abs(systemClock.wallTime() - Date.now())).toBeLessThan(10_000)
})

test.each<unknown>([Number.NaN, Infinity, undefined, '5', 5n, new Date()])(
  'a cache refuses a clock that returns %o',
  (time) => {
    const clock = new ManualClock()
    for (const method of ['now', 'wallTime'] as const) {
      const broken = {
        now: () => clock.now(),
        wallTime: () => clock.wallTime(),
        [method]: () => time,
      }
      expect(() => new FourMethodCache({ clock: broken })).toThrow(
        `clock.${method} must be a method that returns milliseconds`,
      )
    }
  },
)
