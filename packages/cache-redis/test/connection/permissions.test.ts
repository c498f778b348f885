import { startRedis } from '@verbatim/test-support'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openConnection } from './open-connection.js'

const redis = await startRedis()
const admin = new Redis(redis.url)
afterAll(async () => {
  admin.disconnect()
  await redis.stop()
})

const urlOf = (login: string): string => redis.url.replace('//', `//${login}@`)

beforeAll(async () => {
  const common = ['resetchannels', '~cache:*', '-@all', '+get', '+set']
  await admin.acl('SETUSER', 'cache', 'on', '>pass', ...common, '+ping', '+hello')
  await admin.acl('SETUSER', 'barest', 'on', '>pass', ...common)
})

test.each(['cache', 'barest'])('%s: a user without INFO and CLIENT can be had', async (user) => {
  const connection = openConnection({ redisUrl: urlOf(`${user}:pass`) })
  expect(await connection.connect()).toBe(true)
  await connection.run((client) => client.set('cache:key', 'value'))
  expect(await connection.run((client) => client.get('cache:key'))).toBe('value')
  expect(connection.ready).toBe(true)
})

test('nothing was tried that such a user may not do', async () => {
  await admin.acl('LOG', 'RESET')
  const connection = openConnection({ redisUrl: urlOf('cache:pass') })
  await connection.connect()
  expect(await admin.acl('LOG')).toEqual([])
})

test('a password that the server does not ask for does no harm', async () => {
  const connection = openConnection({ redisUrl: urlOf(':needless') })
  expect(await connection.connect()).toBe(true)
})
