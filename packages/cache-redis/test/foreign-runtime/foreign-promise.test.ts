import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { sharedRedis } from '../set-up.js'

const at = sharedRedis()
const PROGRAM = fileURLToPath(new URL('./foreign-promise.ts', import.meta.url))

test.each(['zone.js', 'bluebird'])(
  'every method works where %s has replaced the global Promise',
  { timeout: 60_000 },
  async (runtime) => {
    const { stdout, stderr } = await promisify(execFile)(
      process.execPath,
      ['--import', 'tsx', PROGRAM, runtime, at.redis.url],
      { cwd: fileURLToPath(new URL('../..', import.meta.url)) },
    )
    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toEqual({
      connect: true,
      'large load': 100_000,
      'large read': 100_000,
      'huge write': undefined,
      'huge read': 300_000,
      tags: 1,
      many: 2,
      loads: ['value', 'value', 'value'],
      scan: ['big', 'huge', 'loaded', 'tagged'],
      clear: 4,
      mode: 'redis',
    })
  },
)
