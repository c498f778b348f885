import { setTimeout as sleep } from 'node:timers/promises'
import { startFaultProxy } from '@verbatim/fault-proxy'
import { startRedis, startRedisCluster } from '@verbatim/test-support'
import { Redis } from 'ioredis'
import { describe, expect, test, vi } from 'vitest'
import { describeDuration } from '../../src/messages/availability-messages.js'
import { recordMessages } from './set-up.js'

const messages = recordMessages()
const LONG = { timeout: 10_000 }

describe('an outage', () => {
  test('is one warning of the logger at its start and one message at its end', async () => {
    const redis = await startRedis()
    const { cache, logger } = messages.openLogged({ redisUrl: redis.url })
    await cache.connect()
    await redis.stop()
    await vi.waitFor(() => expect(urgent(logger.lines)).toHaveLength(1), LONG)
    for (let calls = 0; calls < 500; calls++) {
      await cache.set(`key:${calls}`, 1)
      await cache.get(`key:${calls}`)
    }
    await sleep(1_000)
    await redis.start()
    await vi.waitFor(() => expect(urgent(logger.lines)).toHaveLength(2), LONG)
    await sleep(500)
    expect(urgent(logger.lines)).toEqual([
      expect.stringMatching(
        /^warn sessions: Redis at 127\.0\.0\.1:\d+ (refuses|closed) .*Until then, the cache uses the mem/,
      ),
      expect.stringMatching(
        /^info sessions: Redis at 127\.0\.0\.1:\d+ is available again, after \d+(\.\d)? s\.$/,
      ),
    ])
    expect(logger.lines.length).toBeLessThan(20)
    expect(messages.warnings.all).toEqual([])
    await cache.close()
    await redis.stop()
  })

  test('is a warning of the process at its start and one at its end, without a logger', async () => {
    const redis = await startRedis()
    const cache = messages.open({ redisUrl: redis.url })
    await cache.connect()
    for (let outages = 0; outages < 2; outages++) {
      await redis.stop()
      await sleep(1_200)
      await redis.start()
      await vi.waitFor(() => expect(cache.getStats().mode).toBe('redis'), LONG)
    }
    expect(messages.warnings.all.map(({ code }) => code)).toEqual([
      'VERBATIM_REDIS_LOST',
      'VERBATIM_REDIS_RECOVERED',
    ])
    await cache.close()
    await redis.stop()
  })

  test('of a server that freezes is reported with commandTimeout', async () => {
    const redis = await startRedis()
    const cache = messages.open({ redisUrl: redis.url })
    await cache.connect()
    redis.pause()
    await cache.get('key')
    await vi.waitFor(() => expect(messages.warnings.all).toHaveLength(1), LONG)
    expect(messages.warnings.all[0]?.message).toMatch(/commandTimeout|cannot be reached/)
    redis.resume()
    await cache.close()
    await redis.stop()
  })

  test('that is shorter than half a second is not reported', async () => {
    const redis = await startRedis()
    const admin = new Redis(redis.url)
    const { cache, logger } = messages.openLogged({ redisUrl: redis.url })
    await cache.connect()
    await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    await vi.waitFor(() => expect(cache.getStats().mode).toBe('redis'), LONG)
    admin.disconnect()
    await cache.close()
    await redis.stop()
    // The first try to connect again comes within 0.9 seconds.
    expect(urgent(logger.lines).length).toBeLessThanOrEqual(2)
  })

  test('that comes again and again is reported, but not each time', async () => {
    const redis = await startRedis()
    const proxy = await startFaultProxy({ target: redis.port })
    const { cache, logger } = messages.openLogged({ redisUrl: proxy.url })
    await cache.connect()
    for (let losses = 0; losses < 6; losses++) {
      await proxy.answerWithError({ command: 'PING', error: 'LOADING soon' })
      await proxy.answerWithError({ command: 'EVALSHA', error: 'LOADING soon' })
      await proxy.answerWithError({ command: 'GETRANGE', error: 'LOADING soon' })
      await cache.set(`key:${losses}`, 1)
      await vi.waitFor(() => expect(cache.getStats().mode).toBe('memory_only'), LONG)
      await proxy.pass()
      await vi.waitFor(() => expect(cache.getStats().mode).toBe('redis'), LONG)
    }
    expect(urgent(logger.lines).filter((line) => line.startsWith('warn'))).toHaveLength(1)
    expect(urgent(logger.lines)[0]).toMatch(/is loading its data \(LOADING\)/)
    await cache.close()
    await proxy.close()
    await redis.stop()
  })

  test('of one master of a Cluster is reported with its address', async () => {
    const cluster = await startRedisCluster({ nodeTimeoutMs: 60_000 })
    const { cache, logger } = messages.openLogged({ cluster: { urls: cluster.urls } })
    await cache.connect()
    await cluster.masters[1]?.stop()
    await vi.waitFor(() => expect(urgent(logger.lines)).toHaveLength(1), LONG)
    expect(urgent(logger.lines)[0]).toMatch(
      new RegExp(
        `Redis at 127\\.0\\.0\\.1:${cluster.masters[1]?.port}, a master of the Cluster, .*for the keys on it, the cache`,
      ),
    )
    await cache.close()
    await cluster.stop()
  })
})

test.each<[string, string]>([
  ['throw', 'calls that need Redis throw an InfrastructureError'],
  ['degrade', 'every read is a miss and nothing is stored'],
])(
  'with onBackendError %s and no memory tier, the message says what calls do',
  async (mode, text) => {
    const redis = await startRedis()
    const { cache, logger } = messages.openLogged({
      redisUrl: redis.url,
      enableL1Cache: false,
      onBackendError: mode as 'throw' | 'degrade',
    })
    await cache.connect()
    await redis.stop()
    await vi.waitFor(() => expect(urgent(logger.lines)).toHaveLength(1), LONG)
    expect(urgent(logger.lines)[0]).toContain(text)
  },
)

test('a logger that throws fails no call during an outage', async () => {
  const redis = await startRedis()
  const fail = (): never => {
    throw new Error('disk full')
  }
  const logger = { debug: fail, info: fail, warn: fail, error: fail }
  const cache = messages.open({ redisUrl: redis.url, logger })
  await cache.connect()
  await cache.set('key', 1)
  await redis.stop()
  await sleep(1_000)
  await cache.set('key', 2)
  expect(await cache.get('key')).toBe(2)
  expect(await cache.invalidatePattern('cache:*')).toBe(0)
  await cache.invalidateTags(['tag'])
  await redis.start()
  await vi.waitFor(() => expect(cache.getStats().mode).toBe('redis'), LONG)
  await cache.close()
  await redis.stop()
})

test.each([
  [0, '0.0 s'],
  [340, '0.3 s'],
  [12_400, '12 s'],
  [59_700, '1 min 0 s'],
  [320_000, '5 min 20 s'],
  [3_600_000, '1 h 0 min'],
  [94_200_000, '26 h 10 min'],
])('%i ms are written as %s', (milliseconds, text) => {
  expect(describeDuration(milliseconds)).toBe(text)
})

/** Messages of more weight than debug. */
function urgent(lines: readonly string[]): string[] {
  return lines.filter((line) => !line.startsWith('debug'))
}
