import { setTimeout as sleep } from 'node:timers/promises'
import { startRedis } from '@verbatim/test-support'
import { expect, test, vi } from 'vitest'
import { AppProcess } from './support/app-process.js'
import { post } from './support/http.js'
import { readSample } from './support/samples.js'

// Each process loads its language model when it starts.
vi.setConfig({ testTimeout: 120_000 })

const text = readSample('day-of-infamy')
const summary = { text, operation: 'summarize' }

interface Status {
  readonly mode: string
  readonly redis: { readonly status: string }
}

async function statusOf(app: AppProcess): Promise<Status> {
  return (await fetch(`${app.address}/internal/cache/status`)).json() as Promise<Status>
}

async function waitForMode(app: AppProcess, mode: string): Promise<Status> {
  const deadline = Date.now() + 10_000
  while (true) {
    const status = await statusOf(app)
    if (status.mode === mode) return status
    if (Date.now() > deadline) throw new Error(`mode is still ${status.mode}, not ${mode}`)
    await sleep(50)
  }
}

test('a second process hits what the first one stored, with the same bytes', async () => {
  await using redis = await startRedis()
  await using first = await AppProcess.start({ REDIS_URL: redis.url })
  const miss = await post(first.address, summary)
  await using second = await AppProcess.start({ REDIS_URL: redis.url })
  const hit = await post(second.address, summary)

  expect(miss.cache.status).toBe('miss')
  expect(hit.cache.status).toBe('hit')
  expect(hit.resultBytes).toBe(miss.resultBytes)
  expect(await statusOf(second)).toMatchObject({ mode: 'redis', redis: { status: 'connected' } })
  expect(second.output()).toContain(`Cache: Redis at 127.0.0.1:${redis.port}`)
  expect(await second.stop()).toBe(0)
})

test('no request fails while Redis is down, and hits come from Redis again after it restarts', async () => {
  await using redis = await startRedis()
  await using app = await AppProcess.start({ REDIS_URL: redis.url })
  const ask = (number: number): ReturnType<typeof post> =>
    post(app.address, { text: `It was a good day, number ${number % 50}.`, operation: 'sentiment' })

  for (let number = 0; number < 100; number++) await ask(number)
  const dying = redis.stop('SIGKILL')
  for (let number = 0; number < 200; number++) await ask(number)
  await dying
  expect(await waitForMode(app, 'memory_only')).toMatchObject({ redis: { status: 'unavailable' } })
  const answers = await Promise.all(Array.from({ length: 100 }, (_, number) => ask(number)))
  expect(answers.every(({ cache }) => cache.status === 'hit')).toBe(true)

  await redis.restart()
  expect(await waitForMode(app, 'redis')).toMatchObject({ redis: { status: 'connected' } })
  const stored = await post(app.address, summary)
  await using fresh = await AppProcess.start({ REDIS_URL: redis.url })
  const hit = await post(fresh.address, summary)
  expect(hit.cache.status).toBe('hit')
  expect(hit.resultBytes).toBe(stored.resultBytes)
})

test('the service starts and ends without its Redis', async () => {
  await using app = await AppProcess.start({ REDIS_URL: 'redis://ann:hunter2@127.0.0.1:1' })
  expect((await post(app.address, summary)).cache.status).toBe('miss')
  expect((await post(app.address, summary)).cache.status).toBe('hit')
  expect(await statusOf(app)).toMatchObject({
    mode: 'memory_only',
    redis: { status: 'unavailable' },
  })
  expect(app.output()).toContain('until Redis at 127.0.0.1:1 answers')
  expect(app.output()).not.toMatch(/ann|hunter2/)
  expect(await app.stop()).toBe(0)
})

test('the service without a setting for Redis ends on SIGTERM', async () => {
  await using app = await AppProcess.start({})
  expect(await app.stop()).toBe(0)
})

test.each([
  [{ PORT: 'http' }, 'PORT must be an integer'],
  [{ REDIS_URL: 'https://ann:hunter2@cache.local' }, 'did not start'],
])(
  'the service does not start with %j and prints the reason without a stack',
  async (environment, message) => {
    const failed = await AppProcess.start(environment).catch((error: unknown) => String(error))
    expect(failed).toContain(message)
    expect(failed).not.toMatch(/hunter2|node_modules/)
  },
)
