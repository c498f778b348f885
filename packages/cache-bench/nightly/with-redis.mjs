// Starts a Redis server for one run of a program: node --import tsx nightly/with-redis.mjs <program> [arguments]
// The program finds the server in REDIS_URL.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { startRedis } from '@verbatim/test-support'
import requireRedis from '@verbatim/test-support/require-redis'

await requireRedis()
const redis = await startRedis()
// Ctrl-C reaches the program too. It then prints what it has measured.
process.on('SIGINT', () => undefined)
try {
  const child = spawn(process.execPath, process.argv.slice(2), {
    stdio: 'inherit',
    env: { ...process.env, REDIS_URL: redis.url },
  })
  const [exitCode] = await once(child, 'exit')
  process.exitCode = exitCode ?? 1
} finally {
  await redis.stop()
}
