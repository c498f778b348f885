import { setTimeout as sleep } from 'node:timers/promises'
import { testCacheContract } from '@verbatim/cache-core/testkit'
import { startRedis } from '@verbatim/test-support'
import { Redis as Redis5 } from 'ioredis-5'
import { afterAll } from 'vitest'
import { GenericRedisCache, type RedisClient } from '../src/index.js'

const redis = await startRedis()
afterAll(() => redis.stop())

let caches = 0

for (const enableL1Cache of [true, false]) {
  testCacheContract(`GenericRedisCache (${enableL1Cache ? 'two tiers' : 'Redis only'})`, {
    create: () =>
      new GenericRedisCache({
        redisUrl: redis.url,
        keyPrefix: `contract-${caches++}:`,
        commandTimeout: 5_000,
        enableL1Cache,
      }),
    advance: (milliseconds) => sleep(milliseconds),
  })
}

const olderClient = new Redis5(redis.url)
afterAll(() => olderClient.quit())

testCacheContract('GenericRedisCache (a client of ioredis 5, handed in)', {
  create: () =>
    new GenericRedisCache({
      client: olderClient as unknown as RedisClient,
      keyPrefix: `contract-${caches++}:`,
      commandTimeout: 5_000,
    }),
  advance: (milliseconds) => sleep(milliseconds),
})
