import { expect, test } from 'vitest'
import { askRedis, startRedis, startRedisCluster } from '../src/index.js'

test('a server restarts on the same port after a crash', async () => {
  await using redis = await startRedis()
  expect(await ask(redis.port)).toBe('+PONG')
  await redis.stop('SIGKILL')
  expect(await ask(redis.port)).toBe('ECONNREFUSED')
  await redis.restart()
  expect(await ask(redis.port)).toBe('+PONG')
})

test('a server has its saved data after a crash and no data after a restart', async () => {
  await using redis = await startRedis()
  await askRedis(redis.port, 'SET key saved')
  expect(await askRedis(redis.port, 'SAVE')).toContain('+OK')
  await askRedis(redis.port, 'SET key later')
  await redis.crash()
  expect(await askRedis(redis.port, 'GET key')).toContain('saved')
  await redis.restart()
  expect(await askRedis(redis.port, 'EXISTS key')).toContain(':0')
})

test('a frozen server can be stopped', async () => {
  await using redis = await startRedis()
  redis.pause()
  await redis.stop()
  expect(await ask(redis.port)).toBe('ECONNREFUSED')
})

test('a cluster starts and redirects each key to its master', async () => {
  await using cluster = await startRedisCluster()
  const replies = await Promise.all(
    cluster.masters.map(({ port }) => askRedis(port, 'SET key value')),
  )
  expect(replies.filter((reply) => reply.startsWith('+OK'))).toHaveLength(1)
  expect(replies.filter((reply) => reply.startsWith('-MOVED'))).toHaveLength(2)
})

async function ask(port: number): Promise<string> {
  return askRedis(port, 'PING').then(
    (reply) => reply.trim(),
    (error: NodeJS.ErrnoException) => error.code ?? error.message,
  )
}
