import { setTimeout as sleep } from 'node:timers/promises'
import { testCacheContract } from '@verbatim/cache-core/testkit'
import { startRedis } from '@verbatim/test-support'
import { afterAll } from 'vitest'
import { AIResponseCache } from '../src/index.js'

const redis = await startRedis()
afterAll(() => redis.stop())

let caches = 0

testCacheContract('AIResponseCache', {
  create: () =>
    new AIResponseCache({
      redisUrl: redis.url,
      keyPrefix: `contract-${caches++}:`,
      commandTimeout: 5_000,
    }),
  advance: (milliseconds) => sleep(milliseconds),
})
