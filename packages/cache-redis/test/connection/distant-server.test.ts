import { startFaultProxy } from '@verbatim/fault-proxy'
import { startRedis } from '@verbatim/test-support'
import { afterAll, afterEach, expect, test, vi } from 'vitest'
import { GenericRedisCache } from '../../src/index.js'

const redis = await startRedis()
const proxy = await startFaultProxy({ target: redis.port })
const caches: GenericRedisCache[] = []
afterEach(async () => {
  for (const cache of caches.splice(0)) await cache.close()
  await proxy.pass()
})
afterAll(async () => {
  await proxy.close()
  await redis.stop()
})

function open(commandTimeout: number): GenericRedisCache {
  const cache = new GenericRedisCache({
    redisUrl: proxy.url,
    commandTimeout,
    onBackendError: 'throw',
    maxValueBytes: 64 * 1_024 * 1_024,
    compressionThreshold: 1_048_576,
  })
  caches.push(cache)
  return cache
}

// A pause of a busy machine looks like a Redis that is farther away, so 200 ms need a larger margin.
test.each([
  [200, 0.7],
  [1_000, 0.9],
])(
  'with a time limit of %i ms, Redis is used over a round trip of %d of that',
  { timeout: 60_000, retry: 3 },
  async (commandTimeout, share) => {
    // Makes the scripts known, which takes a round trip more.
    const direct = new GenericRedisCache({ redisUrl: redis.url })
    caches.push(direct)
    await direct.set('key', 'value')
    await direct.get('key')
    await proxy.delay({ milliseconds: (share * commandTimeout) / 2 })
    const cache = open(commandTimeout)
    expect(await cache.connect()).toBe(true)
    await cache.set('key', 'value')
    expect(await cache.get('key')).toBe('value')
    await vi.waitFor(() => expect(cache.getStats().memory?.tracking).toBe('live'), {
      timeout: 20_000,
    })
    // It stays alive over several heartbeats, and hits come from memory.
    for (let reads = 0; reads < 10; reads++) {
      await new Promise((resolve) => setTimeout(resolve, commandTimeout / 4))
      expect(await cache.get('key')).toBe('value')
    }
    expect(cache.getStats()).toMatchObject({
      mode: 'redis',
      redis: { lastErrorCode: undefined, circuit: 'closed' },
      memory: { tracking: 'live' },
    })
  },
)

test('a large value gets as much time as it needs to arrive', { timeout: 60_000 }, async () => {
  const cache = open(5_000)
  await cache.connect()
  const value = 'x'.repeat(1_000_000)
  await cache.set('large', value)
  await cache.get('large')
  const reader = open(200)
  await reader.connect()
  // The megabyte takes 0.4 s.
  await proxy.limitBandwidth({ bytesPerSecond: 2_600_000 })
  expect((await reader.get<string>('large'))?.length).toBe(value.length)
  expect(reader.getStats().redis.errors).toEqual({})
})

test('a server that freezes amid a large reply costs a call little more than its time', async () => {
  const cache = open(5_000)
  await cache.connect()
  await cache.set('large', 'x'.repeat(1_000_000))
  const reader = open(200)
  await reader.connect()
  await proxy.limitBandwidth({ bytesPerSecond: 2_600_000 })
  const startedAt = performance.now()
  const outcome = reader.get('large').catch((error: { code: string }) => error.code)
  setTimeout(() => void proxy.blackHole('down', { bytes: 'delayed' }), 150)
  expect(await outcome).toBe('BACKEND_TIMEOUT')
  expect(performance.now() - startedAt).toBeLessThan(400)
})
