import { startFaultProxy } from '@verbatim/fault-proxy'
import { startRedis } from '@verbatim/test-support'
import { Redis } from 'ioredis'
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
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

function open(redisUrl: string): GenericRedisCache {
  const cache = new GenericRedisCache({ redisUrl })
  caches.push(cache)
  return cache
}

const trackingOf = (cache: GenericRedisCache): string | undefined =>
  cache.getStats().memory?.tracking

const TEMPORARY = [
  'ERR max number of clients reached',
  'LOADING Redis is loading the dataset in memory',
  'BUSY Redis is busy running a script',
  "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
  'TRYAGAIN Multiple keys request during rehashing of slot',
  'CLUSTERDOWN The cluster is down',
  'NOAUTH Authentication required.',
  "READONLY You can't write against a read only replica.",
  'ERR something that nobody foresaw',
]

describe.each(TEMPORARY)('after %s', (refusal) => {
  test('the tracking connection is back within about a second', async () => {
    const commands = ['CLIENT ID', 'CLIENT TRACKING', 'SUBSCRIBE']
    for (const command of commands) await proxy.answerWithError({ command, error: refusal })
    const cache = open(proxy.url)
    await cache.connect()
    expect(trackingOf(cache)).not.toBe('live')
    await new Promise((resolve) => setTimeout(resolve, 300))
    await proxy.pass()
    await vi.waitFor(() => expect(trackingOf(cache)).toBe('live'), { timeout: 2_500 })
  })

  test('Redis is used again within about a second', async () => {
    const cache = open(proxy.url)
    await cache.connect()
    await proxy.answerWithError({ error: refusal })
    await cache.get('key').catch(() => undefined)
    await new Promise((resolve) => setTimeout(resolve, 300))
    await proxy.pass()
    await vi.waitFor(
      async () => {
        await cache.set('key', 'value')
        expect(cache.getStats().mode).toBe('redis')
      },
      { timeout: 2_500 },
    )
  })
})

test('a server that does not permit tracking is not asked again soon', async () => {
  const admin = new Redis(redis.url)
  await admin.acl('SETUSER', 'bare', 'on', '>pass', '~*', '+@all', '-client')
  const cache = open(redis.url.replace('//', '//bare:pass@'))
  await cache.connect()
  await vi.waitFor(() => expect(trackingOf(cache)).toBe('refused'), { timeout: 3_000 })
  admin.disconnect()
})

describe('the status', () => {
  test('of a database number that does not exist', async () => {
    const cache = open(`${redis.url}/99`)
    expect(await cache.connect()).toBe(false)
    expect(cache.getStats().redis.lastErrorCode).toBe('DB_INDEX_OUT_OF_RANGE')
  })

  test('of a server without TIME', async () => {
    await proxy.answerWithError({ command: 'TIME', error: "ERR unknown command 'TIME', with args" })
    const cache = open(proxy.url)
    expect(await cache.connect()).toBe(false)
    expect(cache.getStats().redis.lastErrorCode).toBe('UNKNOWN_COMMAND TIME')
  })
})
