import assert from 'node:assert/strict'
import { GenericRedisCache, type GenericRedisCacheOptions } from '@verbatim/cache-redis'

const options: GenericRedisCacheOptions = {
  redisUrl: process.env['REDIS_URL'],
  keyPrefix: `program-${process.pid}:`,
}
const writer = new GenericRedisCache(options)
const reader = new GenericRedisCache(options)
const value = { name: 'Ada', born: new Date(0), tags: new Set(['x']) }
await writer.set('user:1', value, '1h')

assert.deepEqual(await reader.get('user:1'), value)
assert.equal(reader.getStats().mode, 'redis')
assert.equal(await writer.invalidatePattern('user:*'), 1)
await Promise.all([writer.close(), reader.close()])
console.log('ok')
