import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { startRedis } from '@verbatim/test-support'
import { Redis } from 'ioredis'
import { expect, test } from 'vitest'

const CACHES = 1_000
const PROGRAM = fileURLToPath(new URL('./many-caches.ts', import.meta.url))
const ROOT = fileURLToPath(new URL('../..', import.meta.url))

test('1,000 caches of one process connect, and open no more connections than they need', {
  timeout: 120_000,
}, async () => {
  await using redis = await startRedis('--maxclients', '9000')
  const admin = new Redis(redis.url)
  const received = async (): Promise<number> =>
    Number(/^total_connections_received:(\d+)/m.exec(await admin.info('stats'))?.[1])
  const before = await received()
  const words = ['--import', 'tsx', PROGRAM, redis.url, String(CACHES)]
  const { stdout } = await promisify(execFile)(process.execPath, words, { cwd: ROOT })
  const report = JSON.parse(stdout) as { connected: number; live: number }
  const opened = (await received()) - before
  admin.disconnect()
  console.info(`${stdout.trim()}, ${opened} connections`)
  expect(report).toMatchObject({ connected: CACHES, live: CACHES })
  expect(opened).toBeGreaterThanOrEqual(2 * CACHES)
  expect(opened).toBeLessThan(2.2 * CACHES)
})
