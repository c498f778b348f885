import { createRequire } from 'node:module'
import { type RedisServer, startRedis } from '@verbatim/test-support'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as source from '../src/index.js'

/** The package as `require` loads it where it does not load ECMAScript modules, such as in Jest. */
const built = createRequire(import.meta.url)('../dist/cjs/index.js') as typeof source

let server: RedisServer
let client: Redis

beforeAll(async () => {
  server = await startRedis()
  client = new Redis(server.url)
})
afterAll(async () => {
  client.disconnect()
  await server.stop()
})

test('two copies of the package share a client, and either goes on when the other is closed', async () => {
  const one = new source.GenericRedisCache({ client, keyPrefix: 'copies:' })
  const other = new built.GenericRedisCache({ client, keyPrefix: 'copies:' })
  expect(other).toBeInstanceOf(source.GenericRedisCache)
  expect([await one.connect(), await other.connect()]).toEqual([true, true])

  await one.set('key', { by: 'one' })
  expect(await other.get('key')).toEqual({ by: 'one' })
  await other.set('key', { by: 'other' })
  await expect.poll(() => one.get('key')).toEqual({ by: 'other' })

  await one.close()
  await other.set('key', 1)
  expect(await other.get('key')).toBe(1)
  expect(await other.delete('key')).toBe(true)
  await other.close()
  expect(await client.ping()).toBe('PONG')
})

test('the CommonJS copy converts large values in a worker thread', async () => {
  let workers = 0
  const count = (): void => {
    workers += 1
  }
  process.on('worker', count)
  const cache = new built.GenericRedisCache({
    redisUrl: server.url,
    keyPrefix: 'large:',
    enableL1Cache: false,
  })
  const value = ['x'.repeat(3_000_000)]
  await cache.set('key', value)
  expect(await cache.get('key')).toEqual(value)
  await cache.close()
  process.off('worker', count)
  expect(workers).toBeGreaterThan(0)
})
