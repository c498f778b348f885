import { ValidationError } from '@verbatim/cache-core'
import { describe, expect, test } from 'vitest'
import { LatencyHistogram, type LatencyHistogramData } from '../../src/index.js'

const COUNT = 40_000
const SHARDS = 8
const PERCENTS = [0, 1, 25, 50, 90, 95, 99, 99.9, 100]

/** Returns the same numbers each time: mulberry32. */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const next = random(1)
const normal = (): number => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())

const DISTRIBUTIONS: Readonly<Record<string, () => number>> = {
  uniform: () => next() * 0.01,
  exponential: () => -Math.log(1 - next()) * 0.001,
  lognormal: () => Math.exp(normal() * 2 - 8),
  pareto: () => 1e-5 / (1 - next()) ** 1.2,
  'two peaks, and nothing': () => (next() < 0.1 ? 0 : next() < 0.95 ? 2e-6 : 0.2),
}

describe.each(Object.entries(DISTRIBUTIONS))('%s', (_name, draw) => {
  const times = Array.from({ length: COUNT }, draw)
  const sorted = times.toSorted((one, other) => one - other)

  test('percentiles of merged shards are within 1 % after a round trip through JSON', () => {
    const shards = Array.from({ length: SHARDS }, () => new LatencyHistogram())
    for (const [index, time] of times.entries()) shards[index % SHARDS]?.record(time)
    const merged = new LatencyHistogram()
    for (const shard of shards) {
      merged.merge(LatencyHistogram.fromJSON(JSON.parse(JSON.stringify(shard))))
    }
    expect(merged.count).toBe(COUNT)
    for (const percent of PERCENTS) {
      const exact = sorted[Math.floor((percent / 100) * (COUNT - 1))] ?? Number.NaN
      const error = Math.abs((merged.percentile(percent) ?? Number.NaN) - exact)
      expect(error).toBeLessThanOrEqual(exact * 0.01 + Number.EPSILON)
    }
  })

  test('countUpTo is exact except for durations within 1 % of the bound', () => {
    const histogram = new LatencyHistogram()
    for (const time of times) histogram.record(time)
    for (const bound of [1e-6, 1e-5, 2.5e-4, 1e-3, 0.05, 1]) {
      const count = histogram.countUpTo(bound)
      expect(count).toBeGreaterThanOrEqual(sorted.filter((time) => time <= bound / 1.0102).length)
      expect(count).toBeLessThanOrEqual(sorted.filter((time) => time <= bound * 1.0102).length)
    }
  })
})

test('percentile returns undefined without a measurement', () => {
  const empty = new LatencyHistogram()
  expect(empty.percentile(50)).toBeUndefined()
  expect(empty.toJSON()).toMatchObject({ count: 0, min: null, max: null, bins: [] })
  expect(LatencyHistogram.fromJSON(empty.toJSON()).count).toBe(0)
  const merged = new LatencyHistogram()
  merged.merge(empty)
  expect(merged.percentile(50)).toBeUndefined()
})

test('merge adds counts and sums, and keeps the extremes', () => {
  const [one, other] = [new LatencyHistogram(), new LatencyHistogram()]
  one.record(0.5)
  other.record(0.25)
  other.record(2)
  one.merge(other)
  expect(one.toJSON()).toMatchObject({ count: 3, sum: 2.75, min: 0.25, max: 2 })
  expect(other.count).toBe(2)
})

test.each<[string, unknown]>([
  ['nothing', undefined],
  ['text', 'text'],
  ['another bound', { relative_error: 0.05 }],
  ['a count that does not fit', { count: 3 }],
  ['a negative bin', { bins: [[1, -1]], count: -1 }],
  ['a bin of three', { bins: [[1, 1, 1]] }],
  ['an extreme that is none', { min: null }],
  ['an infinite sum', { sum: Number.POSITIVE_INFINITY }],
  ['a bin above those of all numbers', { bins: [[1e9, 1]] }],
  ['a bin that needs a long list', { bins: [[3e7, 1]] }],
  ['a bin below those of all numbers', { bins: [[-36_000, 1]] }],
  ['an unknown field', { median: 1 }],
  ['an array', [1]],
])('fromJSON rejects %s', (_what, broken) => {
  const histogram = new LatencyHistogram()
  histogram.record(1)
  const whole = histogram.toJSON()
  const isPart = typeof broken === 'object' && !Array.isArray(broken)
  const data = isPart ? { ...whole, ...broken } : broken
  const attempt = (): unknown => LatencyHistogram.fromJSON(data as LatencyHistogramData)
  expect(attempt).toThrow(ValidationError)
  expect(attempt).toThrow(expect.objectContaining({ code: 'INVALID_HISTOGRAM' }))
})

test.each(['1', Number.NaN, undefined, null, -1, Number.POSITIVE_INFINITY, true, {}])(
  'record rejects %j and counts nothing',
  (seconds) => {
    const histogram = new LatencyHistogram()
    expect(() => histogram.record(seconds as number)).toThrow(ValidationError)
    expect(() => histogram.record(seconds as number)).toThrow(
      /^seconds must be a finite number from 0; received /,
    )
    expect(histogram.toJSON()).toEqual(new LatencyHistogram().toJSON())
  },
)

test.each([undefined, null, 5, 'text', {}, { count: 0 }, new LatencyHistogram().toJSON()])(
  'merge rejects %j',
  (other) => {
    const histogram = new LatencyHistogram()
    expect(() => histogram.merge(other as LatencyHistogram)).toThrow(
      /^other must be a LatencyHistogram; received /,
    )
  },
)

test('records the smallest and the largest number, also through JSON', () => {
  const histogram = new LatencyHistogram()
  for (const seconds of [5e-324, 2.5e-308, 1, Number.MAX_VALUE / 2]) histogram.record(seconds)
  const copy = LatencyHistogram.fromJSON(JSON.parse(JSON.stringify(histogram)))
  expect(copy.toJSON()).toEqual(histogram.toJSON())
  const merged = new LatencyHistogram()
  merged.record(1)
  merged.merge(copy)
  merged.record(Number.MAX_VALUE)
  merged.record(Number.MAX_VALUE)
  expect(LatencyHistogram.fromJSON(JSON.parse(JSON.stringify(merged))).count).toBe(7)
})
