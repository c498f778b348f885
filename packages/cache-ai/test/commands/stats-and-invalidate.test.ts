import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort, type ProgramOutcome, runProgram } from '@verbatim/test-support'
import { beforeEach, describe, expect, test } from 'vitest'
import type { AIResponseCache } from '../../src/index.js'
import { SetUp } from '../set-up.js'

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))
const at = new SetUp()

const run = (...args: string[]): Promise<ProgramOutcome> =>
  runProgram(CLI, args, { env: { AI_CACHE_REDIS_URL: at.redis.url } })

let cache: AIResponseCache
beforeEach(async () => {
  cache = await at.openConnected()
  const stored: readonly [operation: string, text: string, tenant?: string][] = [
    ['summarize', 'one'],
    ['summarize', 'two'],
    ['summarize', 'one', 'ada'],
    ['qa', 'one', 'ada'],
    ['half:done', 'one'],
  ]
  for (const [operation, text, tenant] of stored) {
    const options = operation === 'qa' ? { model: 'gpt-4' } : {}
    await cache.cacheResponse({ operation, text, tenant, options, response: 's3cret' })
  }
  await cache.set('plain', 1)
})

const left = async (): Promise<string[]> => {
  const keys: string[] = []
  for await (const key of cache.scan()) keys.push(key)
  return keys.toSorted()
}

describe('stats', () => {
  test('stats counts keys by operation', async () => {
    const { code, out, err } = await run('stats')
    expect([code, err]).toEqual([0, ''])
    expect(out.split('\n').slice(0, 2)).toEqual(['6 keys', '  summarize: 3'])
    expect(out).toContain('  half:done: 1\n')
    expect(out).toContain('  (other): 1\n')
    expect(out).toMatch(/Redis memory: [\d,]+ bytes \(all databases\), \d+ clients\n$/)
    expect(out).not.toContain('s3cret')
  })

  test('stats --json prints the counts', async () => {
    const { out } = await run('stats', '--json')
    expect(JSON.parse(out)).toEqual({
      keys: 6,
      byOperation: { summarize: 3, qa: 1, 'half:done': 1, '(other)': 1 },
      usedMemoryBytes: expect.any(Number),
      connectedClients: expect.any(Number),
    })
  })

  test('stats reads the cache from a file and the prefix from an option', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'verbatim-cli-'))
    const file = path.join(folder, 'cache.yaml')
    await writeFile(file, `redis_url: ${at.redis.url}\n`)
    const nowhere = { AI_CACHE_REDIS_URL: 'redis://127.0.0.1:1' }
    const options = ['--config', file, '--json']
    const { out } = await runProgram(CLI, ['stats', ...options], { env: nowhere })
    expect(JSON.parse(out)).toMatchObject({ keys: 6 })
    const other = await run('stats', '--json', '--key-prefix', 'other:')
    expect(JSON.parse(other.out)).toMatchObject({ keys: 0, byOperation: {} })
    await rm(folder, { recursive: true })
  })

  test('stats reports that Redis refuses connections', async () => {
    const url = `redis://user:s3cret@127.0.0.1:${await freePort()}`
    const { code, out, err } = await run('stats', '--redis-url', url)
    expect([code, out]).toEqual([1, ''])
    expect(err).toMatch(/^error: Redis at 127\.0\.0\.1:\d+ refuses connections .*\(ECONNREFUSED\)/)
  })

  test('stats rejects an invalid URL without showing it', async () => {
    const { code, err } = await run('stats', '--redis-url', 'http://user:s3cret@host')
    expect([code, err]).toEqual([2, expect.stringMatching(/^error: --redis-url must be redis:/)])
    expect(err).not.toContain('s3cret')
  })
})

describe('invalidate', () => {
  test.each<[args: string[], removed: number, left: number]>([
    [['--operation', 'summarize'], 2, 4],
    [['--operation', 'summarize', '--tenant', 'ada'], 1, 5],
    [['--operation', 'summ'], 0, 6],
    [['--tenant', 'ada'], 2, 4],
    [['--pattern', 'op:*|txt:one*'], 2, 4],
    [['--all'], 6, 0],
  ])('invalidate %j removes %i keys', async (args, removed, keysLeft) => {
    const { code, out, err } = await run('invalidate', ...args)
    expect([code, out, err]).toEqual([0, `${removed} removed (readable keys)\n`, ''])
    expect(await left()).toHaveLength(keysLeft)
  })

  test('invalidate --model removes responses without a count', async () => {
    expect((await run('invalidate', '--model', 'gpt-4', '--json')).out).toContain('null')
    const request = { text: 'one', operation: 'qa', tenant: 'ada', options: { model: 'gpt-4' } }
    expect(await cache.getCachedResponse(request)).toBeUndefined()
  })

  test('invalidate --json prints the count and the style of the keys', async () => {
    expect(JSON.parse((await run('invalidate', '--all', '--json')).out)).toEqual({
      removed: 6,
      keyStyle: 'readable',
    })
  })

  test('invalidate --style removes keys of another style', async () => {
    const hashed = await at.openConnected({ keyStyle: 'hashed' })
    const request = { text: 'one', operation: 'summarize', tenant: 'ada' }
    await hashed.cacheResponse({ ...request, response: 1 })
    const { out } = await run('invalidate', '--tenant', 'ada', '--style', 'hashed')
    expect(out).toBe('1 removed (hashed keys)\n')
    expect(await hashed.getCachedResponse(request)).toBeUndefined()
    expect(await cache.getCachedResponse(request)).toBeDefined()
  })

  test.each([[[]], [['--operation', 'qa', '--all']], [['--model', 'gpt-4', '--tenant', 'ada']]])(
    'invalidate rejects %j and removes nothing',
    async (args) => {
      const { code, out, err } = await run('invalidate', ...args)
      expect([code, out]).toEqual([2, ''])
      expect(err).toMatch(/^error: exactly one of --operation and --tenant/)
      expect(await left()).toHaveLength(6)
    },
  )
})
