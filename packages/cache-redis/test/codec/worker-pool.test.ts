import { Worker } from 'node:worker_threads'
import { afterEach, expect, test, vi } from 'vitest'
import type { WorkerThread } from '../../src/codec/workers/worker-pool.js'
import { WorkerPool } from '../../src/codec/workers/worker-pool.js'

/** A script that replies with its requests, or ends. */
const ECHO = `
const { parentPort } = require('node:worker_threads')
parentPort.on('message', (message) => {
  if (message === 'die') process.exit(1)
  if (message === 'throw') throw new Error('as asked')
  parentPort.postMessage(message)
})
parentPort.postMessage('ready')`

const started: Worker[] = []

function echoPool(): WorkerPool {
  return new WorkerPool(() => {
    const worker = new Worker(ECHO, { eval: true })
    started.push(worker)
    return worker
  })
}

afterEach(async () => {
  vi.useRealTimers()
  await Promise.all(started.splice(0).map((worker) => worker.terminate()))
})

test('two jobs run at once, and the others in the order in which they came', async () => {
  const pool = echoPool()
  await startBoth(pool)
  const order: number[] = []
  let running = 0
  let most = 0
  const indexes = Array.from({ length: 20 }, (_, index) => index)
  const jobs = indexes.map((index) =>
    pool.run(async (thread) => {
      order.push(index)
      running += 1
      most = Math.max(most, running)
      expect(await thread?.ask(index)).toBe(index)
      running -= 1
    }),
  )
  await Promise.all(jobs)
  expect(order).toEqual(indexes)
  expect(most).toBe(2)
  expect(started).toHaveLength(2)
})

test.each(['die', 'throw'])('a thread that is made to %s fails its own job only', async (how) => {
  const pool = echoPool()
  const jobs = [how, 'a', 'b', how, 'c'].map((message) =>
    pool.run((thread) => ask(thread, message)),
  )
  const failed = { reason: { code: 'CODEC_FAILED' }, status: 'rejected' }
  expect(await Promise.allSettled(jobs)).toMatchObject([
    failed,
    { value: 'a' },
    { value: 'b' },
    failed,
    { value: 'c' },
  ])
})

test('a thread that died while it was idle is replaced', async () => {
  const pool = echoPool()
  await pool.run((thread) => ask(thread, 'a'))
  await started[0]?.terminate()
  expect(await pool.run((thread) => ask(thread, 'b'))).toBe('b')
  expect(started).toHaveLength(2)
})

test('a job that fails makes room for the next', async () => {
  const pool = echoPool()
  for (let attempt = 0; attempt < 3; attempt++) {
    await expect(pool.run(() => Promise.reject(new Error('no luck')))).rejects.toThrow('no luck')
  }
  expect(await pool.run((thread) => ask(thread, 'a'))).toBe('a')
})

test('threads that are idle for five seconds end, and start again when needed', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const pool = echoPool()
  await pool.run((thread) => ask(thread, 'a'))
  const [worker] = started
  const exit = new Promise((resolve) => worker?.once('exit', resolve))
  vi.advanceTimersByTime(4_000)
  await pool.run((thread) => ask(thread, 'b'))
  vi.advanceTimersByTime(4_999)
  expect(worker?.threadId).not.toBe(-1)
  vi.advanceTimersByTime(1)
  await exit
  expect(await pool.run((thread) => ask(thread, 'c'))).toBe('c')
  expect(started).toHaveLength(2)
})

test.each([
  [
    'are not permitted',
    (): Worker => {
      throw new Error('not permitted')
    },
  ],
  ['have no file', () => new Worker('/nowhere.js')],
  ['exit at once', () => new Worker('process.exit(0)', { eval: true })],
])('where threads %s, jobs get none and it is not tried again', async (_why, start) => {
  const attempts = vi.fn(start)
  const pool = new WorkerPool(attempts)
  expect(await pool.run(async (thread) => thread)).toBeUndefined()
  expect(await pool.run(async (thread) => thread)).toBeUndefined()
  expect(attempts).toHaveBeenCalledOnce()
})

/** Starts two jobs. Each waits until the other runs too. */
async function startBoth(pool: WorkerPool): Promise<void> {
  let arrived = 0
  let open = (): void => {}
  const both = new Promise<void>((resolve) => {
    open = resolve
  })
  const job = (): Promise<void> => {
    arrived += 1
    if (arrived === 2) open()
    return both
  }
  await Promise.all([pool.run(job), pool.run(job)])
}

async function ask(thread: WorkerThread | undefined, message: string): Promise<unknown> {
  return thread?.ask(message)
}
