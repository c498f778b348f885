import { ManualClock } from '@verbatim/cache-core'
import { beforeEach, describe, expect, test } from 'vitest'
import { type Alert, CachePerformanceMonitor } from '../../src/index.js'

const MINUTE = 60_000

let clock: ManualClock
let monitor: CachePerformanceMonitor
let events: string[]

beforeEach(() => {
  clock = new ManualClock(Date.UTC(2026, 4, 1))
  monitor = new CachePerformanceMonitor({
    clock,
    memoryWarningThresholdBytes: 100,
    memoryCriticalThresholdBytes: 200,
    invalidationRateWarningPerHour: 10,
    invalidationRateCriticalPerHour: 20,
    cacheOperationThreshold: 0.01,
  })
  events = []
  monitor.on('alert', ({ name, level }, change) => events.push(`${name} ${level} ${change}`))
})

/** Records a size, and returns the events that follow. */
function size(bytes: number): string[] {
  events.length = 0
  clock.advance(1_000)
  monitor.recordMemoryUsage({ memoryCacheBytes: bytes, memoryCacheEntries: 1 })
  monitor.sample()
  return [...events]
}

describe('an alert', () => {
  test.each<[story: string, steps: [bytes: number, events: string[]][]]>([
    ['is not raised below its threshold', [[99, []]]],
    ['is raised at its threshold', [[100, ['cache_size WARNING raised']]]],
    [
      'is raised once while the figure stays above',
      [
        [150, ['cache_size WARNING raised']],
        [151, []],
        [199, []],
      ],
    ],
    [
      'is cleared once',
      [
        [100, ['cache_size WARNING raised']],
        [89, ['cache_size WARNING cleared']],
        [89, []],
        [0, []],
      ],
    ],
    [
      'is raised once while the figure flaps about the threshold',
      [
        [100, ['cache_size WARNING raised']],
        [99, []],
        [101, []],
        [90, []],
        [100, []],
        [89, ['cache_size WARNING cleared']],
        [99, []],
        [100, ['cache_size WARNING raised']],
      ],
    ],
    [
      'changes its level in both directions',
      [
        [150, ['cache_size WARNING raised']],
        [200, ['cache_size CRITICAL changed']],
        [180, []],
        [179, ['cache_size WARNING changed']],
        [95, []],
        [199, []],
        [80, ['cache_size WARNING cleared']],
      ],
    ],
    [
      'is raised as critical, and cleared at once',
      [
        [500, ['cache_size CRITICAL raised']],
        [1, ['cache_size CRITICAL cleared']],
      ],
    ],
    [
      'changes from critical to a warning',
      [
        [500, ['cache_size CRITICAL raised']],
        [95, ['cache_size WARNING changed']],
        [89, ['cache_size WARNING cleared']],
      ],
    ],
  ])('%s', (_story, steps) => {
    for (const [bytes, expected] of steps) expect([bytes, size(bytes)]).toEqual([bytes, expected])
  })

  test('has the figure, the threshold and the time at which it was raised', () => {
    size(150)
    const since = '2026-05-01T00:00:01.000Z'
    const alert: Alert = {
      name: 'cache_size',
      level: 'WARNING',
      message: 'Caches hold 0.0 MB.',
      value: 150,
      threshold: 100,
      since,
    }
    expect(monitor.getAlerts()).toEqual([alert])
    size(250)
    const worse = { level: 'CRITICAL', value: 250, threshold: 200, since }
    expect(monitor.getAlerts()).toMatchObject([worse])
  })

  test('is cleared by resetStats', () => {
    size(150)
    monitor.resetStats()
    expect(events).toEqual(['cache_size WARNING raised', 'cache_size WARNING cleared'])
    expect(monitor.getAlerts()).toEqual([])
  })

  test('reaches other listeners although one throws or is removed', () => {
    monitor.on('alert', () => {
      throw new Error('a listener')
    })
    monitor.on('alert', () => expect.unreachable('it has left'))()
    expect(size(100)).toEqual(['cache_size WARNING raised'])
  })
})

describe('alerts are raised for', () => {
  const names = (): string[] => monitor.getAlerts().map(({ name, level }) => `${name} ${level}`)

  test('many entries in memory', () => {
    const use = (entries: number): void =>
      monitor.recordMemoryUsage({
        memoryCacheBytes: 1,
        memoryCacheEntries: entries,
        memoryCacheMaxEntries: 100,
      })
    use(89)
    expect(names()).toEqual([])
    use(90)
    expect(names()).toEqual(['memory_entries INFO'])
  })

  test('invalidations within an hour, even with a shorter retention', () => {
    for (let count = 0; count < 9; count++) monitor.observeInvalidation(1, 1)
    expect(names()).toEqual([])
    monitor.observeInvalidation(1, 1)
    expect(names()).toEqual(['invalidation_rate WARNING'])
    for (let count = 0; count < 10; count++) monitor.observeInvalidation(1, 1)
    expect(names()).toEqual(['invalidation_rate CRITICAL'])
    clock.advance(60 * MINUTE)
    expect(names()).toEqual([])
  })

  test('failed operations of the last five minutes', () => {
    const operate = (failed: number, all: number): void => {
      for (let count = 0; count < all; count++) {
        monitor.observeOperation('get', count < failed ? 'error' : 'hit', 'redis', 1)
      }
    }
    operate(19, 19)
    expect(names()).toEqual([])
    operate(0, 381)
    monitor.sample()
    expect(names()).toEqual([])
    operate(1, 1)
    expect(names()).toEqual([])
    clock.advance(5 * MINUTE)
    operate(2, 20)
    expect(monitor.getAlerts()).toMatchObject([
      { name: 'error_rate', level: 'ERROR', message: expect.stringContaining('of 21 operations') },
    ])
    clock.advance(5 * MINUTE)
    monitor.sample()
    clock.advance(5 * MINUTE)
    expect(names()).toEqual([])
  })

  test('failed operations until they are five minutes old, even with a shorter retention', () => {
    monitor = new CachePerformanceMonitor({ clock, retentionHours: 0.01, maxMeasurements: 1 })
    for (let count = 0; count < 50; count++) monitor.observeOperation('get', 'error', 'redis', 1)
    expect(names()).toEqual(['error_rate ERROR'])
    for (let minute = 0; minute < 6; minute++) {
      clock.advance(MINUTE)
      for (let count = 0; count < 30; count++) monitor.observeOperation('get', 'hit', 'redis', 1)
      monitor.sample()
    }
    expect(names()).toEqual([])
  })

  test('slow operations and slow key generations from one in twenty', () => {
    for (let count = 0; count < 95; count++) monitor.observeOperation('get', 'hit', 'redis', 10)
    for (let count = 0; count < 4; count++) monitor.observeOperation('get', 'hit', 'redis', 11)
    expect(names()).toEqual([])
    monitor.observeOperation('set', 'ok', 'redis', 11)
    expect(names()).toEqual(['slow_operations WARNING'])
    for (let count = 0; count < 20; count++) monitor.observeKeyGeneration(101, 1, 'qa')
    expect(names()).toEqual(['slow_operations WARNING', 'slow_key_generation WARNING'])
  })
})
