import type { Redis } from 'ioredis'

/** Names of the keys that {@link plantSampleKeys} creates. */
export const SAMPLE_NAMES: readonly string[] = [
  'string',
  'binary',
  'number',
  'list',
  'long list',
  'set',
  'numbers',
  'large set',
  'zset',
  'large zset',
  'hash',
  'large hash',
  'stream',
  'empty stream',
  'hyperloglog',
]

/** Creates keys of every type of Redis, in each encoding that a server has for it. Some of them expire. */
export async function plantSampleKeys(redis: Redis, prefix = ''): Promise<void> {
  const key = (name: string): string => `${prefix}${name}`
  const many = Array.from({ length: 1_200 }, (_, index) => `member ${index}`)
  await redis.set(key('string'), 'text')
  await redis.set(key('binary'), Buffer.from([0, 255, 13, 10, 0]), 'PX', 3_600_123)
  await redis.set(key('number'), '12345')
  await redis.rpush(key('list'), 'a', 'b', '')
  await redis.rpush(key('long list'), ...many)
  await redis.sadd(key('set'), 'a', 'b')
  await redis.sadd(key('numbers'), 1, 2, 3)
  await redis.sadd(key('large set'), ...many)
  await redis.zadd(key('zset'), 1.5, 'a', '-inf', 'b', 0.1, 'c')
  await redis.zadd(key('large zset'), ...many.flatMap((member, index) => [index / 3, member]))
  await redis.hset(key('hash'), { name: 'Ada', born: '1815' })
  await redis.hset(key('large hash'), Object.fromEntries(many.map((field) => [field, field])))
  await redis.pexpire(key('large hash'), 7_200_456)
  for (let index = 1; index <= 5; index++) {
    await redis.xadd(key('stream'), `${index}-0`, 'field', `value ${index}`)
  }
  await redis.xdel(key('stream'), '2-0')
  await redis.xgroup('CREATE', key('stream'), 'group', '0')
  await redis.xgroup('CREATECONSUMER', key('stream'), 'group', 'idle')
  await redis.xreadgroup('GROUP', 'group', 'busy', 'COUNT', 2, 'STREAMS', key('stream'), '>')
  await redis.xadd(key('empty stream'), '7-7', 'field', 'value')
  await redis.xdel(key('empty stream'), '7-7')
  await redis.pfadd(key('hyperloglog'), ...many.slice(0, 50))
}

/** Returns the contents and the expiry of each key. */
export async function stateOf(redis: Redis): Promise<Map<string, string>> {
  const state = new Map<string, string>()
  for (const key of (await redis.keys('*')).toSorted()) {
    const [dump, expiry] = [await redis.dumpBuffer(key), await redis.call('PEXPIRETIME', key)]
    state.set(key, `${dump?.toString('hex')} ${String(expiry)}`)
  }
  return state
}
