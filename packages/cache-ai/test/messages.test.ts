import { setTimeout as sleep } from 'node:timers/promises'
import {
  freePort,
  type RecordedWarnings,
  recordingLogger,
  recordWarnings,
} from '@verbatim/test-support'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { AIResponseCache } from '../src/index.js'
import { CacheParameterMapper } from '../src/legacy/index.js'

let warnings: RecordedWarnings
beforeEach(() => {
  warnings = recordWarnings()
})
afterEach(() => warnings.stop())

const request = { text: 'a private text', operation: 'qa' }

test('a logger receives that Redis was never reached, with the name of the cache', async () => {
  const logger = recordingLogger()
  const redisUrl = `redis://127.0.0.1:${await freePort()}`
  const cache = new AIResponseCache({ redisUrl, name: 'answers', logger })
  await cache.getCachedResponse(request)
  await sleep(2_200)
  const urgent = logger.lines.filter((line) => !line.startsWith('debug'))
  expect(urgent).toEqual([
    expect.stringMatching(/^warn answers: Redis at 127\.0\.0\.1:\d+ refuses/),
  ])
  expect(logger.lines.join()).not.toContain('private')
  expect(warnings.all).toEqual([])
  await expect(cache.connect({ required: true })).rejects.toThrow(/refuses connections/)
  await cache.close()
})

test('without a logger, a process warning says that Redis was never reached', async () => {
  const cache = new AIResponseCache({ redisUrl: `redis://127.0.0.1:${await freePort()}` })
  await cache.getOrCompute(request, () => 'answer')
  await sleep(2_200)
  expect(warnings.all).toMatchObject([{ code: 'VERBATIM_REDIS_UNREACHABLE' }])
  await cache.close()
})

test('a cache without a Redis reports nothing', async () => {
  const cache = new AIResponseCache()
  await cache.getOrCompute(request, () => 'answer')
  await sleep(2_200)
  expect(warnings.all).toEqual([])
  await cache.close()
})

test('a response that cannot be stored causes one process warning for each reason', async () => {
  const cache = new AIResponseCache({ name: 'answers' })
  const ask = (compute: () => unknown): Promise<unknown> => cache.getOrCompute(request, compute)
  await ask(() => ({ usage: new Promise(() => undefined) }))
  await ask(() => ({ usage: new Promise(() => undefined) }))
  await cache.getOrCompute(request, () => 'answer', { ttl: () => 0, refresh: true })
  await sleep(1)
  expect(warnings.all).toMatchObject([
    {
      code: 'VERBATIM_NOT_STORED',
      message: expect.stringMatching(
        /^answers: A loaded value was not stored: response\.usage must be plain data; .* Its callers received it\.$/,
      ),
    },
  ])
  await cache.close()
})

test.each([{ name: '' }, { logger: { warn: () => undefined } }])('%j is rejected', (options) => {
  expect(() => new AIResponseCache(options as object)).toThrow(/^(name|logger) must be/)
})

test('the parameter mapper takes name and logger for options of the cache underneath', () => {
  const { ai, generic } = new CacheParameterMapper().mapAiToGenericParams({
    name: 'answers',
    logger: console,
    key_style: 'hashed',
  })
  expect([Object.keys(generic), Object.keys(ai)]).toEqual([['name', 'logger'], ['keyStyle']])
})
