import { type Clock, ManualClock } from '@verbatim/cache-core'
import { expect, onTestFinished, test } from 'vitest'
import { History } from '../../src/dashboard/history.js'
import { CachePerformanceMonitor } from '../../src/index.js'

/** A clock whose date can be set, as that of a machine. */
class DatedClock implements Clock {
  readonly #steady = new ManualClock()
  #setBy = 0

  now(): number {
    return this.#steady.now()
  }

  wallTime(): number {
    return this.#steady.wallTime() + this.#setBy
  }

  advance(milliseconds: number): void {
    this.#steady.advance(milliseconds)
  }

  setBy(seconds: number): void {
    this.#setBy += seconds * 1_000
  }
}

function startHistory(): {
  monitor: CachePerformanceMonitor
  history: History
  clock: DatedClock
  pass: (seconds: number) => void
} {
  const clock = new DatedClock()
  const monitor = new CachePerformanceMonitor({ clock, name: 'answers' })
  const history = new History(monitor, clock, (error) => {
    throw error
  })
  onTestFinished(() => history.close())
  const pass = (seconds: number): void => {
    for (let sample = 0; sample < seconds / 2; sample++) {
      clock.advance(2_000)
      history.sample()
    }
  }
  return { monitor, history, clock, pass }
}

test('a point has the counts of its own interval', () => {
  const { monitor, history, pass } = startHistory()
  monitor.observeOperation('get', 'hit', 'memory', undefined)
  monitor.observeOperation('get', 'hit', 'redis', 1)
  monitor.observeOperation('get', 'miss', 'redis', 1)
  pass(2)
  monitor.observeOperation('get', 'error', 'redis', 1)
  monitor.observeOperation('set', 'ok', 'redis', 1)
  pass(2)
  expect(history.points('1m')).toMatchObject([
    { seconds: 2, memoryHits: 1, redisHits: 1, misses: 1, errors: 0, changes: 0 },
    { seconds: 2, memoryHits: 0, redisHits: 0, misses: 0, errors: 1, changes: 1 },
  ])
})

test('percentiles cover the reads of the interval alone', () => {
  const { monitor, history, pass } = startHistory()
  for (let read = 0; read < 1_000; read++) monitor.observeOperation('get', 'hit', 'redis', 1)
  pass(2)
  monitor.observeOperation('get', 'hit', 'redis', 80)
  pass(2)
  pass(2)
  const [first, second, third] = history.points('1m')
  expect(first?.redisLatency?.p50).toBeCloseTo(1, 1)
  expect(second?.redisLatency?.p50).toBeGreaterThan(78)
  expect(second?.memoryLatency).toBeUndefined()
  expect(third?.redisLatency).toBeUndefined()
})

test('a reset of the monitor gives no negative counts', () => {
  const { monitor, history, pass } = startHistory()
  for (let read = 0; read < 9; read++) monitor.observeOperation('get', 'hit', 'memory', 1)
  pass(2)
  monitor.resetStats()
  monitor.observeOperation('get', 'hit', 'memory', 1)
  pass(2)
  expect(history.points('1m').map(({ memoryHits }) => memoryHits)).toEqual([9, 1])
  expect(history.points('1m')[1]?.memoryLatency?.p50).toBeCloseTo(1, 1)
})

test('points beyond a range leave the memory', () => {
  const { monitor, history, pass } = startHistory()
  monitor.observeOperation('get', 'hit', 'memory', undefined)
  pass(2 * 3_600)
  const lengths = (['1m', '5m', '15m', '1h', '6h', '24h'] as const).map(
    (range) => history.points(range).length,
  )
  expect(lengths).toEqual([30, 150, 45, 180, 24, 24])
  const hour = history.points('1h')
  expect((hour.at(-1)?.at ?? 0) - (hour[0]?.at ?? 0)).toBe(179 * 20_000)
})

test('long ranges add up the counts of short ones', () => {
  const { monitor, history, pass } = startHistory()
  for (let each = 0; each < 10; each++) {
    monitor.observeOperation('get', 'hit', 'memory', undefined)
    pass(2)
  }
  expect(history.points('15m')).toMatchObject([{ seconds: 20, memoryHits: 10 }])
})

test('a clock that is set back removes the points that are then in the future', () => {
  const { monitor, history, clock, pass } = startHistory()
  pass(60)
  clock.setBy(-30)
  monitor.observeOperation('get', 'hit', 'memory', undefined)
  pass(2)
  const points = history.points('5m')
  expect(points.at(-1)).toMatchObject({ memoryHits: 1, seconds: 2, at: clock.wallTime() })
  expect(points.map(({ at }) => at)).toEqual(points.map(({ at }) => at).toSorted((a, b) => a - b))
  expect(points).toHaveLength(16)
  // A machine without a battery begins before 1970.
  clock.setBy(-3e9)
  pass(4)
  expect(history.points('5m')).toHaveLength(2)
})

test('a range has no points from before a machine slept for longer than the range', () => {
  const { history, clock, pass } = startHistory()
  pass(60)
  // The steady clock stands still while a machine sleeps.
  clock.setBy(3_600)
  pass(10)
  expect(history.points('5m')).toHaveLength(5)
})
