import { ManualClock } from '@verbatim/cache-core'
import { expect, onTestFinished, test } from 'vitest'
import { History } from '../../src/dashboard/history.js'
import { CachePerformanceMonitor } from '../../src/index.js'

function startHistory(): {
  monitor: CachePerformanceMonitor
  history: History
  pass: (seconds: number) => void
} {
  const clock = new ManualClock()
  const monitor = new CachePerformanceMonitor({ clock, name: 'answers' })
  const history = new History(monitor, clock)
  onTestFinished(() => history.close())
  const pass = (seconds: number): void => {
    for (let sample = 0; sample < seconds / 2; sample++) {
      clock.advance(2_000)
      history.sample()
    }
  }
  return { monitor, history, pass }
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
