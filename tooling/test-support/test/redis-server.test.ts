import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { startRedis } from '../src/index.js'

test('a server starts, dies and comes back on its port', async () => {
  await using redis = await startRedis()
  expect(await ask(redis.port)).toBe('+PONG')
  await redis.stop('SIGKILL')
  expect(await ask(redis.port)).toBe('ECONNREFUSED')
  await redis.restart()
  expect(await ask(redis.port)).toBe('+PONG')
})

test('a frozen server can be ended', async () => {
  await using redis = await startRedis()
  redis.pause()
  await redis.stop()
  expect(await ask(redis.port)).toBe('ECONNREFUSED')
})

function ask(port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'))
    socket.once('data', (reply) => {
      socket.destroy()
      resolve(String(reply).trim())
    })
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
  })
}
