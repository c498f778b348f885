import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { GenericRedisCache } from '@verbatim/cache-redis'
import { freePort } from '@verbatim/test-support'
import { expect, test } from 'vitest'
import { newFile } from './backup-folder.js'

const PROGRAM = fileURLToPath(new URL('../dist/cli.js', import.meta.url))

// Nothing listens on this port: a command that connects before it checks its flags exits with code 1.
const ABSENT_REDIS = `redis://127.0.0.1:${await freePort()}`
const LONG = 'x'.repeat(5_000)

const KEY_PREFIX = '--key-prefix must be a text of 1 to 128 characters; received'
const PATTERN = '--pattern must be a glob of 1 to 1024 characters; received'
const URL_RULE = '--redis-url must be redis://'

test.each([
  [`${KEY_PREFIX} a blank text`, ['backup', '--key-prefix', '', '--file', 'x']],
  [`${KEY_PREFIX} a blank text`, ['backup', '--key-prefix', ' ', '--file', 'x']],
  [`${KEY_PREFIX} 5000 characters`, ['backup', '--key-prefix', LONG, '--file', 'x']],
  [`${KEY_PREFIX} a blank text`, ['restore', '--key-prefix=', '--file', 'x']],
  [`${KEY_PREFIX} 5000 characters`, ['restore', '--key-prefix', LONG, '--file', 'x']],
  ['--file must be a path; received a blank text', ['backup', '--key-prefix', 'a:', '--file', '']],
  [
    '--file must be a path; received a blank text',
    ['restore', '--key-prefix', 'a:', '--file', ' '],
  ],
  ['file must be a path; received a blank text', ['inspect', '']],
  ['file must be a path; received a blank text', ['inspect', ' ']],
  [`${PATTERN} a blank text`, ['backup', '--key-prefix', 'a:', '--file', 'x', '--pattern', '']],
  [`${PATTERN} a blank text`, ['backup', '--key-prefix', 'a:', '--file', 'x', '--pattern', ' ']],
  [
    `${PATTERN} 5000 characters`,
    ['backup', '--key-prefix', 'a:', '--file', 'x', '--pattern', LONG],
  ],
  [URL_RULE, ['backup', '--key-prefix', 'a:', '--file', 'x', '--redis-url', '']],
  [URL_RULE, ['restore', '--key-prefix', 'a:', '--file', 'x', '--redis-url', ' ']],
])('rejects an invalid flag with code 2: %s (%#)', async (message, args) => {
  const { code, stdout, stderr } = await migrate(args)
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toMatch(/^error: [^\n]*\n$/)
  expect(stderr).toContain(`error: ${message}`)
  expect(stderr).not.toContain('xxx')
})

test('accepts every key prefix and pattern that the library accepts', async () => {
  const build = (length: number): GenericRedisCache =>
    new GenericRedisCache({ redisUrl: ABSENT_REDIS, keyPrefix: 'x'.repeat(length) })
  await build(128).close()
  expect(() => build(129)).toThrow('1 to 128 characters')

  const [longest, glob, file] = ['x'.repeat(128), '*'.repeat(1_024), newFile()]
  const args = ['backup', '--key-prefix', longest, '--pattern', glob, '--file', file]
  expect(await migrate(args)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('ECONNREFUSED'),
  })
  expect(existsSync(file)).toBe(false)
})

interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

function migrate(args: readonly string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    const env = { PATH: process.env['PATH'], REDIS_URL: ABSENT_REDIS }
    const program = [PROGRAM, ...args]
    const child = execFile(process.execPath, program, { env }, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    )
  })
}
