import { afterAll, expect, test } from 'vitest'
import { post, type TimedAnswer } from './support/http.js'
import { readSample, SAMPLE_NAMES } from './support/samples.js'
import { startService } from './support/service.js'
import { tasksFor } from './support/tasks.js'

/** Rounds before the measurement. Code that is not compiled yet would make hits look too fast. */
const ROUNDS_TO_WARM_UP = 1
const ROUNDS = 1
/** Hits of a round. One of them alone may wait for the processor. */
const HITS = 9

const figures: Array<Record<string, string | number>> = []
afterAll(() => console.table(figures))

test('an identical request is a hit, with the same bytes, at least 20 times as fast', async () => {
  const { app, cache } = await startService()
  const address = await app.listen({ host: '127.0.0.1', port: 0 })

  for (const sample of SAMPLE_NAMES) {
    const text = readSample(sample)
    const overHttp = { miss: 0, hit: 0 }
    for (const task of tasksFor(sample)) {
      const measured: Measured = { misses: [], hits: [] }
      for (let round = 0; round < ROUNDS_TO_WARM_UP + ROUNDS; round++) {
        await cache.clear()
        const miss = await post(address, { text, ...task })
        expect(miss.cache.status).toBe('miss')
        if (round >= ROUNDS_TO_WARM_UP) measured.misses.push(miss)
        for (let count = 0; count < HITS; count++) {
          const hit = await post(address, { text, ...task })
          expect(hit.cache.status).toBe('hit')
          expect(hit.resultBytes).toBe(miss.resultBytes)
          if (round >= ROUNDS_TO_WARM_UP) measured.hits.push(hit)
        }
      }
      const server = compare(measured, ({ cache: { durationMs } }) => durationMs)
      const wall = compare(measured, ({ wallMs }) => wallMs)
      figures.push({
        sample,
        operation: task.operation,
        'miss ms': server.miss,
        'hit ms': server.hit,
        faster: server.ratio,
        'HTTP miss ms': wall.miss,
        'HTTP hit ms': wall.hit,
        'HTTP faster': wall.ratio,
      })
      expect.soft(server.ratio, `${sample} ${task.operation} in the server`).toBeGreaterThan(20)
      overHttp.miss += wall.miss
      overHttp.hit += wall.hit
    }
    // All operations together, because the time of one hit varies as much as its millisecond of HTTP.
    expect.soft(overHttp.miss / overHttp.hit, `${sample} over HTTP`).toBeGreaterThan(20)
  }
}, 300_000)

interface Measured {
  readonly misses: TimedAnswer[]
  readonly hits: TimedAnswer[]
}

function compare(
  { misses, hits }: Measured,
  time: (answer: TimedAnswer) => number,
): { miss: number; hit: number; ratio: number } {
  const miss = median(misses.map(time))
  const hit = median(hits.map(time))
  return { miss: round2(miss), hit: round2(hit), ratio: Math.round(miss / hit) }
}

function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? 0
}

function round2(value: number): number {
  return Math.round(value * 100) / 100
}
