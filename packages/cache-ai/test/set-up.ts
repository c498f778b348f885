import type { CacheError } from '@verbatim/cache-core'
import { freePort, type RedisServer, startRedis } from '@verbatim/test-support'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'
import { AIResponseCache, type AIResponseCacheOptions } from '../src/index.js'

/** One Redis for all tests of a file, emptied before each, and the caches that are opened at it. */
export class SetUp {
  redis!: RedisServer
  /** A client that knows nothing of the cache. */
  raw!: Redis
  readonly #opened: AIResponseCache[] = []

  constructor() {
    beforeAll(async () => {
      this.redis = await startRedis()
      this.raw = new Redis(this.redis.url)
    })
    afterAll(async () => {
      this.raw.disconnect()
      await this.redis.stop()
    })
    beforeEach(() => this.raw.flushall())
    afterEach(async () => {
      for (const cache of this.#opened.splice(0)) await cache.close()
    })
  }

  /** Opens a cache like that of another process. It is not connected yet. */
  open(options: AIResponseCacheOptions = {}): AIResponseCache {
    const cache = new AIResponseCache({
      ...{ redisUrl: this.redis.url, commandTimeout: 5_000 },
      ...options,
    })
    this.#opened.push(cache)
    return cache
  }

  async openConnected(options?: AIResponseCacheOptions): Promise<AIResponseCache> {
    const cache = this.open(options)
    if (!(await cache.connect())) throw new Error('Redis does not respond')
    return cache
  }

  /** Opens a cache whose Redis does not exist. */
  async openAlone(options?: AIResponseCacheOptions): Promise<AIResponseCache> {
    return this.open({ ...options, redisUrl: `redis://127.0.0.1:${await freePort()}` })
  }
}

/** Collects the codes of the reasons why a cache does not store computed responses. */
export function refusals(cache: AIResponseCache): string[] {
  const codes: string[] = []
  cache.on('not_stored', (_key, { code }: CacheError) => codes.push(code))
  return codes
}
