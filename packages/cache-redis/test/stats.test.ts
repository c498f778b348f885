import { expect, test, vi } from 'vitest'
import { redisPerTest } from './set-up.js'

const at = redisPerTest()

test('bytes are those of values, as Redis holds them', async () => {
  const [cache, elsewhere] = [await at.openConnected(), await at.openConnected()]
  await cache.set('key', 'x'.repeat(500))
  const held = await at.raw.strlen('cache:key')
  expect(cache.getStats().redis).toMatchObject({ bytesWritten: held, bytesRead: 0 })
  await elsewhere.get('key')
  await elsewhere.get('absent')
  const { memory, redis: counts } = elsewhere.getStats()
  expect(counts).toMatchObject({ bytesWritten: 0, bytesRead: held })
  // Of memory what the value occupies in this process.
  expect(memory?.bytes).toBeGreaterThan(500)
  expect(memory?.bytes).toBeLessThan(2_000)
  await elsewhere.delete('key')
  expect(elsewhere.getStats().memory?.bytes).toBe(0)
})

test('a change is done, or skipped for a newer one', async () => {
  const cache = await at.openConnected({ enableL1Cache: false })
  await cache.set('key', 1)
  await cache.delete('key')
  await cache.invalidatePattern('a*')
  await cache.invalidateTags(['one', 'two'])
  await cache.getOrSet('loaded', () => 1)
  expect(cache.getStats().redis.changes).toEqual({ ok: 5, skipped: 0, failed: 0, indeterminate: 0 })
  await cache.getOrSet('overtaken', () => at.raw.set('cache:overtaken', 'by somebody'))
  expect(cache.getStats().redis.changes).toMatchObject({ ok: 5, skipped: 1 })
})

test('a refused change has failed, and a change without a reply is indeterminate', async () => {
  const cache = await at.openConnected({ commandTimeout: 50 })
  await at.raw.config('SET', 'maxmemory', '1')
  await cache.set('refused', 1)
  await at.raw.config('SET', 'maxmemory', '0')
  expect(cache.getStats().redis).toMatchObject({
    circuit: 'closed',
    changes: { ok: 0, failed: 1, indeterminate: 0 },
  })
  at.redis.pause()
  await cache.set('unanswered', 1)
  expect(cache.getStats().redis).toMatchObject({
    circuit: 'open',
    changes: { ok: 0, failed: 1, indeterminate: 1 },
  })
  await cache.set('not sent', 1)
  expect(cache.getStats().redis.changes).toMatchObject({ failed: 2, indeterminate: 1 })
  at.redis.resume()
  await vi.waitFor(() => expect(cache.getStats().redis.circuit).toBe('closed'), 3_000)
})

test('errors say what became of a change', async () => {
  const cache = await at.openConnected({ commandTimeout: 50, onBackendError: 'throw' })
  at.redis.pause()
  await expect(cache.set('key', 1)).rejects.toMatchObject({
    code: 'BACKEND_TIMEOUT',
    context: { outcome: 'indeterminate' },
  })
  await expect(cache.set('key', 1)).rejects.toMatchObject({
    code: 'BACKEND_UNAVAILABLE',
    context: { outcome: 'failed' },
  })
})
