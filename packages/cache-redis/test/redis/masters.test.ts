import { startRedis } from '@verbatim/test-support'
import { Redis } from 'ioredis'
import { expect, test } from 'vitest'
import { Keyspace } from '../../src/redis/keyspace.js'
import { Masters } from '../../src/redis/masters.js'

test('the way of programs is that of the master that promises least, while it is one', async () => {
  await using redis = await startRedis()
  using master = disposable(new Redis(redis.url))
  await master.client.acl('SETUSER', 'humble', 'on', '>s3cret', '~*', '+@all', '-@scripting')
  using humble = disposable(new Redis(redis.url, { username: 'humble', password: 's3cret' }))
  const known = new Masters(master.client, (send) => send(master.client), new Keyspace('cache:', 0))
  expect(known.scripting).toBeUndefined()
  await known.learn('one', master.client)
  expect(known.scripting).toBe('scripts')
  await known.learn('two', humble.client)
  expect(known.scripting).toBe('commands')
  known.retainOnly(['one'])
  expect(known.scripting).toBe('scripts')
})

function disposable(client: Redis): { readonly client: Redis } & Disposable {
  return { client, [Symbol.dispose]: () => client.disconnect() }
}
