import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { AnalysisPool, type AnalysisPoolOptions } from '../src/analysis-pool.js'
import { digestOf, expectedDigest, SAMPLE_TASKS } from './support/expected-digests.js'
import { readSample } from './support/samples.js'
import { startService, WORKER_FILE } from './support/service.js'

/** A text of the longest permitted length, more than 100 KB. Its analysis takes seconds. */
const LONGEST_TEXT = readSample('gift-of-the-magi').repeat(9).slice(0, 100_000)

/** A text whose analysis takes at least a quarter of a second. */
const LONG_TEXT = readSample('gift-of-the-magi').repeat(2)
const SUMMARY = { operation: 'summarize', options: { max_sentences: 3 } } as const
const SENTIMENT = { operation: 'sentiment', options: {} } as const

function startPool(options: AnalysisPoolOptions = {}): AnalysisPool {
  const pool = new AnalysisPool({ threads: 1, workerFile: WORKER_FILE, ...options })
  onTestFinished(() => pool.close())
  return pool
}

test('threads return the results of the main thread, with interleaved texts and in any order', async () => {
  const pool = startPool({ threads: 2 })
  const backwards = SAMPLE_TASKS.toReversed()
  const digests = backwards.map(async (each) => {
    const { result, computeMs } = await pool.analyze(readSample(each.sample), each.task)
    expect(computeMs).toBeGreaterThan(0)
    return digestOf(each, result)
  })
  expect(await Promise.all(digests)).toEqual(backwards.map(expectedDigest))
}, 300_000)

test('the status route responds many times during the analysis of a text of 100 KB', async () => {
  const { app } = await startService({ timeoutMs: 280_000 })
  const address = await app.listen({ host: '127.0.0.1', port: 0 })
  const post = async (text: string): Promise<Response> =>
    fetch(`${address}/process`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ text, operation: 'summarize' }),
    })
  await post('Start the threads.')

  const long = { isDone: false }
  const startedAt = performance.now()
  const analysis = post(LONGEST_TEXT).finally(() => {
    long.isDone = true
  })
  const waits: number[] = []
  while (!long.isDone) {
    const askedAt = performance.now()
    expect((await fetch(`${address}/internal/cache/status`)).status).toBe(200)
    waits.push(performance.now() - askedAt)
    await sleep(200)
  }
  expect((await analysis).status).toBe(200)
  const analysisMs = performance.now() - startedAt
  // With one thread only one status would arrive, after the whole analysis.
  expect(waits.length).toBeGreaterThan(10)
  expect(Math.max(...waits)).toBeLessThan(analysisMs / 2)
}, 300_000)

test('a short text does not wait for a long one', async () => {
  const pool = startPool({ threads: 2 })
  await pool.ready()
  const first = await Promise.race([
    pool.analyze(LONGEST_TEXT, SUMMARY).then(
      () => 'long',
      () => 'closed',
    ),
    pool.analyze('It rained.', SENTIMENT).then(() => 'short'),
  ])
  expect(first).toBe('short')
}, 300_000)

test('the pool rejects analyses when its queue is full, and accepts them again later', async () => {
  const pool = startPool({ maxQueue: 2 })
  await pool.ready()
  const settled = await Promise.allSettled(
    Array.from({ length: 6 }, () => pool.analyze(readSample('day-of-infamy'), SUMMARY)),
  )
  const refused = settled.filter(({ status }) => status === 'rejected')
  expect(refused).toHaveLength(3)
  for (const refusal of refused) {
    expect(refusal).toMatchObject({ reason: { statusCode: 503, code: 'BUSY' } })
  }
  await expect(pool.analyze('It rained.', SENTIMENT)).resolves.toHaveProperty('result')
})

test('an abort ends a running analysis immediately, and the next one runs', async () => {
  const pool = startPool()
  await pool.ready()
  const leaving = new AbortController()
  const startedAt = performance.now()
  const given = pool.analyze(LONG_TEXT, SUMMARY, leaving.signal)
  const waiting = pool.analyze('It rained.', SENTIMENT, leaving.signal)
  setTimeout(() => leaving.abort(), 100)
  await expect(given).rejects.toMatchObject({ name: 'AbortError' })
  await expect(waiting).rejects.toMatchObject({ name: 'AbortError' })
  const abortedAfter = performance.now() - startedAt
  const { computeMs } = await pool.analyze(LONG_TEXT, SUMMARY)
  expect(abortedAfter).toBeLessThan(100 + computeMs / 2)
}, 300_000)

test('closing rejects running, waiting and new analyses as a shutdown', async () => {
  const pool = startPool()
  await pool.ready()
  const running = pool.analyze(LONG_TEXT, SUMMARY)
  const waiting = pool.analyze(LONG_TEXT, SENTIMENT)
  const settled = Promise.allSettled([running, waiting])
  await pool.close()
  const shutdown = { statusCode: 503, code: 'SHUTTING_DOWN' }
  for (const outcome of await settled) expect(outcome).toMatchObject({ reason: shutdown })
  await expect(pool.analyze('It rained.', SENTIMENT)).rejects.toMatchObject(shutdown)
})
