import { setTimeout as sleep } from 'node:timers/promises'
import { testCacheContract } from '@verbatim/cache-core/testkit'
import { startRedis } from '@verbatim/test-support'
import { afterAll } from 'vitest'
import { GenericRedisCache } from '../src/index.js'

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
