import { InfrastructureError } from '@verbatim/cache-core'
import { freePort } from '@verbatim/test-support'
import { describe, expect, test } from 'vitest'
import type { ConnectOptions } from '../src/index.js'
import { sharedRedis } from './set-up.js'

const at = sharedRedis()

describe('connect with required', () => {
  test('resolves with true when Redis can be used', async () => {
    expect(await at.open().connect({ required: true })).toBe(true)
  })

  test('rejects with the sentence of lastError when Redis cannot be used', async () => {
    const port = await freePort()
    const cache = at.open({ redisUrl: `redis://app:hunter2@127.0.0.1:${port}` })
    const error: unknown = await cache.connect({ required: true }).catch((reason) => reason)
    expect(error).toBeInstanceOf(InfrastructureError)
    expect(error).toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
      message: cache.getStats().redis.lastError,
      context: { reason: 'ECONNREFUSED' },
    })
    expect(String(error)).toContain(`Redis at 127.0.0.1:${port} refuses connections`)
    expect(JSON.stringify(error)).not.toContain('hunter2')
  })

  test.each([
    ['the password', () => at.redis.url.replace('//', '//nobody:wrong@'), /WRONGPASS/],
    ['the database', () => `${at.redis.url}/99`, /has no database 99/],
  ])('rejects when %s is wrong', async (_what, urlOf, message) => {
    const cache = at.open({ redisUrl: urlOf() })
    await expect(cache.connect({ required: true })).rejects.toThrow(message)
  })

  test('rejects at once when the database is wrong, however long a command may take', async () => {
    const cache = at.open({ redisUrl: `${at.redis.url}/99`, commandTimeout: 10_000 })
    await expect(cache.connect({ required: true })).rejects.toThrow(/has no database 99/)
  })

  test('rejects when the cache is memory only', async () => {
    const cache = at.open({ client: undefined, redisUrl: undefined })
    await expect(cache.connect({ required: true })).rejects.toThrow(
      /Redis is required, but none of the options redisUrl, .* is set/,
    )
    expect(await cache.connect()).toBe(false)
  })

  test('rejects when the cache is closed', async () => {
    const cache = at.open()
    await cache.close()
    await expect(cache.connect({ required: true })).rejects.toThrow(/the cache is closed/)
  })

  test.each([undefined, {}, { required: false }, { required: undefined }])(
    'resolves with false without it: %j',
    async (options) => {
      const cache = at.open({ redisUrl: `redis://127.0.0.1:${await freePort()}` })
      expect(await cache.connect(options)).toBe(false)
    },
  )

  test.each([
    [{ require: true }, /unknown field require. Did you mean required/],
    [{ required: 'yes' }, /required must be true or false; received a string/],
    [true, /options must be a plain object/],
    [null, /options must be a plain object/],
  ])('rejects %j', async (options, message) => {
    await expect(at.open().connect(options as ConnectOptions)).rejects.toThrow(message)
  })
})
