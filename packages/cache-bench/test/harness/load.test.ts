import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { closedLoop, LatencyHistogram, openLoop } from '../../src/index.js'

/**
 * Returns an operation that takes no time, except that it stalls for 110 ms every second. In an open loop, the
 * longest hundredth of its calls waits for 99 ms or more; a stall of 100 ms would be at the limit of the test.
 */
function stallingOperation(): () => Promise<void> {
  const startedAt = performance.now()
  return async () => {
    const elapsed = (performance.now() - startedAt) % 1_000
    if (elapsed < 110) await sleep(110 - elapsed)
  }
}

describe('a cache that stalls for 110 ms every second', () => {
  test('has a p99 of at least 90 ms in an open loop', async () => {
    const { latencies, completed, seconds } = await openLoop(stallingOperation(), {
      ratePerSecond: 500,
      durationMs: 3_000,
    })
    expect(completed).toBe(1_500)
    expect(seconds).toHaveLength(3)
    expect(latencies.percentile(0.99)).toBeGreaterThanOrEqual(90)
  })

  test('hides its stalls in a closed loop', async () => {
    const { latencies } = await closedLoop(stallingOperation(), { durationMs: 1_000 })
    expect(latencies.percentiles().max).toBeGreaterThan(90)
    expect(latencies.percentile(0.99)).toBeLessThan(90)
  })
})

describe('openLoop', () => {
  test('sends calls at the rate although none has returned', async () => {
    let calls = 0
    const { maxInFlight, completed } = await openLoop(
      async () => {
        calls++
        await sleep(300)
      },
      { ratePerSecond: 200, durationMs: 250 },
    )
    expect(calls).toBe(50)
    expect(maxInFlight).toBeGreaterThan(40)
    expect(completed).toBe(50)
  })

  test('counts failed calls and does not stop', async () => {
    const operation = async (call: number): Promise<void> => {
      if (call % 2 === 0) throw new Error('broken')
    }
    const result = await openLoop(operation, { ratePerSecond: 100, durationMs: 200 })
    expect(result).toMatchObject({ completed: 10, failed: 10 })
    expect(result.latencies.count).toBe(10)
  })
})

describe('LatencyHistogram', () => {
  test('merges histograms of several processes', () => {
    const all = new LatencyHistogram()
    const parts = [new LatencyHistogram(), new LatencyHistogram()]
    for (let index = 1; index <= 10_000; index++) {
      all.record(index / 100)
      parts[index % 2]?.record(index / 100)
    }
    const merged = new LatencyHistogram()
    for (const part of parts) merged.merge(LatencyHistogram.decode(part.encode()))
    for (const share of [0, 0.5, 0.9, 0.99, 0.999, 1]) {
      expect(merged.percentile(share) / all.percentile(share)).toBeCloseTo(1, 2)
    }
    expect(merged.count).toBe(10_000)
  })

  test.each([[0], [0.0001], [0.123], [98.7], [60_000], [1e9]])(
    'records a latency of %d ms with an error of at most 0.1 %%',
    (milliseconds) => {
      const histogram = new LatencyHistogram()
      histogram.record(milliseconds)
      const expected = Math.min(Math.max(milliseconds, 0.0001), 3_600_000)
      expect(histogram.percentile(1) / expected).toBeGreaterThan(0.998)
      expect(histogram.percentile(1) / expected).toBeLessThan(1.002)
    },
  )
})
