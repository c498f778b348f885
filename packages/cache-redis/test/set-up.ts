import { type RedisServer, startRedis } from '@verbatim/test-support'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'
import { GenericRedisCache, type GenericRedisCacheOptions, generateAcl } from '../src/index.js'

const isRestricted = process.env['REDIS_TEST_ROLE'] === 'data'

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

  /** The URL of a user with all permissions, also when `REDIS_TEST_ROLE` restricts the caches. */
  get adminUrl(): string {
    return isRestricted ? this.redis.url.replace('//', '//admin:admin@') : this.redis.url
  }

  async start(): Promise<void> {
    this.redis = await startRedis(...(isRestricted ? restrictedUsers() : []))
    this.raw = new Redis(this.adminUrl)
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
 * Returns flags of a server whose user `default` has the commands of the data user only, so that the caches of a test
 * need no others. The tests use many prefixes, so it has all keys. The flags stay when a test restarts the server.
 */
function restrictedUsers(): string[] {
  const [data] = generateAcl({ database: 1 })
  const rules = data?.rules.filter((rule) => !/^[#~]|^reset$/.test(rule)) ?? []
  return [
    ...['--user', 'admin', 'on', '>admin', '~*', '&*', '+@all'],
    ...['--user', 'default', ...rules, 'nopass', '~*'],
  ]
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
