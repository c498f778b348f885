import { fileURLToPath } from 'node:url'
import { type ProgramOutcome, runPiped, runProgram, startRedis } from '@verbatim/test-support'
import { describe, expect, test } from 'vitest'
import { SetUp } from '../set-up.js'

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))
const at = new SetUp()

const run = (args: readonly string[], input?: string): Promise<ProgramOutcome> =>
  runProgram(CLI, args, { input, env: { REDIS_URL: at.redis.url } })

describe('delete', () => {
  test.each([[[]], [['--style', 'hashed']], [['--key-prefix', 'shop:']]])(
    'delete accepts a key with line breaks that `key %j` prints',
    async (options) => {
      const cache = await at.openConnected({
        ...(options.includes('hashed') && { keyStyle: 'hashed' }),
        ...(options.includes('shop:') && { keyPrefix: 'shop:' }),
      })
      const request = { text: 'Two lines:\nthis is the other', operation: 'qa', tenant: 'ada' }
      await cache.cacheResponse({ ...request, response: 1 })
      const args = ['key', '-', '--operation', 'qa', '--tenant', 'ada', ...options]
      const { out: key } = await run(args, `${request.text}\n`)
      expect(key).toBe(`${cache.buildKey(request.text, 'qa', {}, undefined, 'ada')}\n`)
      const first = await run(['delete', '-', ...options], key)
      expect(first).toEqual({ code: 0, out: '1 of 1 deleted\n', err: '' })
      expect(await cache.getCachedResponse(request)).toBeUndefined()
      const again = await run(['delete', key.trimEnd(), ...options])
      expect(again).toEqual({ code: 0, out: '0 of 1 deleted: 1 not found in the cache\n', err: '' })
    },
    60_000,
  )

  test('delete counts several keys, prints JSON and recognizes a key with the prefix', async () => {
    const cache = await at.openConnected()
    await cache.set('one', 1)
    const { out } = await run(['delete', 'one', 'two', '--json'])
    expect(JSON.parse(out)).toEqual({ deleted: 1, absent: ['two'] })
    await cache.set('one', 1)
    expect(await run(['delete', 'ai_cache:one', '--url', at.redis.url])).toMatchObject({
      code: 0,
      out: '0 of 1 deleted: keys must not begin with the prefix ai_cache:\n',
    })
    expect(await cache.get('one')).toBe(1)
  }, 60_000)
})

test.each([
  ['--key-prefix', '--prefix', 'shop:'],
  ['--redis-url', '--url', 'redis://127.0.0.1:1'],
])(
  '%s is not accepted beside its old name %s',
  async (flag, oldFlag, value) => {
    const { code, out, err } = await run(['delete', 'one', flag, value, oldFlag, value])
    expect([code, out]).toEqual([2, ''])
    expect(err).toContain(flag)
    expect(err).toContain(oldFlag)
  },
  60_000,
)

test('delete checks every key before it removes the first', async () => {
  const cache = await at.openConnected()
  await cache.set('one', 1)
  const { code, out, err } = await run(['delete', 'one', ''])
  expect([code, out]).toEqual([2, ''])
  expect(err).toMatch(/^error: key .*empty.*\n$/)
  expect(await cache.get('one')).toBe(1)
}, 60_000)

test.each([[''], ['\n']])(
  'delete reports empty standard input (%j)',
  async (input) => {
    expect(await run(['delete', '-'], input)).toEqual({
      code: 2,
      out: '',
      err: 'error: standard input must be a key; received nothing\n',
    })
  },
  60_000,
)

describe('errors of commands', () => {
  test('the error for a bad REDIS_URL is one line without a secret', async () => {
    const env = { REDIS_URL: 'http://user:s3cret@host' }
    const { code, out, err } = await runProgram(CLI, ['stats'], { env })
    expect([code, out]).toEqual([1, ''])
    expect(err).toMatch(/^error: REDIS_URL must be redis:.*; received another text\n$/)
    expect(err).not.toContain('s3cret')
  })

  test('the error for a wrong password is one line, and a blank REDIS_URL is ignored', async () => {
    await using redis = await startRedis('--requirepass', 'right')
    const url = redis.url.replace('//', '//default:s3cret@')
    const args = ['stats', '--redis-url', url]
    const { code, out, err } = await runProgram(CLI, args, { env: { REDIS_URL: ' ' } })
    expect([code, out]).toEqual([1, ''])
    expect(err).toMatch(/^error: Redis at 127\.0\.0\.1:\d+ rejects the login .*\(WRONGPASS\).*\n$/)
    expect(err).not.toContain('s3cret')
  })

  test.each([
    [
      ['stats', '--redis-urll=redis://user:s3cret@host'],
      '--redis-urll is not an option of cache-ai stats. Did you mean --redis-url?',
    ],
    [['invaldate', '--all'], 'invaldate is not a command of cache-ai. Did you mean invalidate?'],
    [
      ['stats', '--style', 's3cret'],
      '--style must be one of readable, hashed, legacy; received another text',
    ],
  ])('%j prints one line without a secret', async (args, message) => {
    expect(await run(args)).toEqual({ code: 2, out: '', err: `error: ${message}\n` })
  })
})

test.each([
  [[]],
  [['config']],
  [['config', 'check']],
  [['config', 'show']],
  [['key']],
  [['delete']],
  [['stats']],
  [['invalidate']],
])('the help of %j shows examples', async (command) => {
  const { code, out } = await run([...command, '--help'])
  expect([code, out]).toEqual([0, expect.stringMatching(/\nExamples:\n {2}(cache-ai|echo)/)])
  expect(out).not.toContain('--url')
})

test.each([['head -1'], ['true']])(
  'a command ends without an error when `%s` stops reading',
  async (reader) => {
    const piped = await runPiped(CLI, ['config', 'show'], reader)
    expect(piped).toMatchObject({ code: 0, err: '' })
  },
)
