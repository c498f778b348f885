import { startRedis } from '@verbatim/test-support'
import { Redis } from 'ioredis'
import { expect, test } from 'vitest'
import { Keyspace } from '../../src/redis/keyspace.js'
import { KnownMasters } from '../../src/redis/known-masters.js'

test('the way of programs is that of the master that promises least, while it is one', async () => {
  await using redis = await startRedis()
  using master = disposable(new Redis(redis.url))
  await master.client.acl('SETUSER', 'humble', 'on', '>s3cret', '~*', '+@all', '-@scripting')
  using humble = disposable(new Redis(redis.url, { username: 'humble', password: 's3cret' }))
  const known = new KnownMasters(
    master.client,
    (send) => send(master.client),
    new Keyspace('cache:', 0),
  )
  expect(known.way).toBeUndefined()
  await known.learn('one', master.client)
  expect(known.way).toBe('script')
  await known.learn('two', humble.client)
  expect(known.way).toBe('plain')
  known.keepOnly(['one'])
  expect(known.way).toBe('script')
})

function disposable(client: Redis): { readonly client: Redis } & Disposable {
  return { client, [Symbol.dispose]: () => client.disconnect() }
}
