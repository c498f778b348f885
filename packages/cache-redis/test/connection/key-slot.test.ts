import { randomBytes } from 'node:crypto'
import { startRedis } from '@verbatim/test-support'
import { Redis } from 'ioredis'
import { expect, test } from 'vitest'
import { slotOf } from '../../src/connection/cluster-slots.js'

test('keys are where Redis says they are', async () => {
  await using redis = await startRedis('--cluster-enabled', 'yes')
  const client = new Redis(redis.url)
  const keys = ['', 'a', '{a}b', 'b{a}', '{}a', 'a{}b{c}', '{a', 'a}b{c', '{{a}}', 'ключ{ß}', '🗝{🗝']
  const random = Array.from({ length: 300 }, () => randomBytes(12).toString('base64'))
  for (const key of [...keys, ...random]) {
    expect([key, slotOf(key)]).toEqual([key, await client.cluster('KEYSLOT', key)])
  }
  client.disconnect()
})
