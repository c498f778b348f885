import { type RedisServer, startRedis } from '@verbatim/test-support'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'
import { GenericRedisCache, type GenericRedisCacheOptions, generateAcl } from '../src/index.js'

/** A Redis to test with, and what is opened at it. */
export class SetUp {
  redis!: RedisServer
  /** A client that knows nothing of the cache. */
  raw!: Redis
  readonly #defaults: GenericRedisCacheOptions
  readonly #ends: (() => unknown)[] = []

  /** @param defaults - of the caches that are opened */
  constructor(defaults: GenericRedisCacheOptions) {
    this.#defaults = defaults
  }

  async start(): Promise<void> {
    this.redis = await startRedis()
    const isRestricted = process.env['REDIS_TEST_ROLE'] === 'data'
    this.raw = new Redis(isRestricted ? await restrictDefaultUser(this.redis) : this.redis.url)
    this.raw.on('error', () => undefined)
  }

  async stop(): Promise<void> {
    this.raw.disconnect()
    await this.redis.stop()
  }

  /** Creates a cache that has not connected yet, like one of another process. */
  open(options: GenericRedisCacheOptions = {}): GenericRedisCache {
    const target = options.client === undefined ? { redisUrl: this.redis.url } : {}
    const cache = new GenericRedisCache({ ...target, ...this.#defaults, ...options })
    this.atTheEnd(() => cache.close())
    return cache
  }

  async openConnected(options?: GenericRedisCacheOptions): Promise<GenericRedisCache> {
    const cache = this.open(options)
    if (!(await cache.connect())) throw new Error('Redis does not answer')
    return cache
  }

  /** Returns the names of all keys but the records that caches keep about their prefix. */
  async keysOfCallers(): Promise<string[]> {
    const names = await this.raw.keys('*')
    return names.filter((name) => !name.includes('\0')).toSorted()
  }

  /** Runs a function after the test; the last one first. */
  atTheEnd(end: () => unknown): void {
    this.#ends.push(end)
  }

  async end(): Promise<void> {
    for (const end of this.#ends.splice(0).toReversed()) await end()
  }
}

/**
 * Gives the user `default` the commands of the data user, so that the caches of a test need no others. The tests
 * use many prefixes, so it has all keys. Returns the URL of an administrator.
 */
async function restrictDefaultUser({ url, port }: RedisServer): Promise<string> {
  const client = new Redis(url)
  await client.call('ACL', 'SETUSER', 'admin', 'on', '>admin', '~*', '&*', '+@all')
  const [data] = generateAcl({ database: 1 })
  const rules = data?.rules.filter((rule) => !/^[#~]/.test(rule)) ?? []
  await client.call('ACL', 'SETUSER', 'default', ...rules, 'nopass', '~*')
  client.disconnect()
  return `redis://admin:admin@127.0.0.1:${port}`
}

/** Starts one Redis for all tests of a file, and empties it before each. */
export function sharedRedis(defaults: GenericRedisCacheOptions = {}): SetUp {
  const at = new SetUp(defaults)
  beforeAll(() => at.start())
  afterAll(() => at.stop())
  beforeEach(() => at.raw.flushall())
  afterEach(() => at.end())
  return at
}

/** Starts a Redis for each test, which may break it. */
export function redisPerTest(defaults: GenericRedisCacheOptions = {}): SetUp {
  const at = new SetUp(defaults)
  beforeEach(() => at.start())
  afterEach(async () => {
    await at.end()
    await at.stop()
  })
  return at
}
