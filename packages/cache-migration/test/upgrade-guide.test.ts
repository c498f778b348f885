import { execFile } from 'node:child_process'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { deflateSync } from 'node:zlib'
import { GenericRedisCache } from '@verbatim/cache-redis'
import { runProgram } from '@verbatim/test-support'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { startTwoServers } from './redis/two-servers.js'

const run = promisify(execFile)
const GUIDE = new URL('../../../docs/upgrade.md', import.meta.url)
const PROGRAM = fileURLToPath(new URL('../dist/cli.js', import.meta.url))
/** In the folder of the package, so that the programs of the guide can import the packages by name. */
const FOLDER = fileURLToPath(new URL('../.upgrade-guide/', import.meta.url))
const LIMIT = 120_000
const isNightly = process.env['NIGHTLY'] === '1'

const { source, target, raw, rawTarget } = await startTwoServers()
const blocks = blocksOf(await readFile(GUIDE, 'utf8'))

beforeEach(async () => {
  await Promise.all([raw.flushall(), rawTarget.flushall()])
  await rm(FOLDER, { recursive: true, force: true })
  await mkdir(FOLDER)
})
afterAll(() => rm(FOLDER, { recursive: true, force: true }))

test('every block of the guide is one that a test runs', async () => {
  expect([...blocks.keys()]).toEqual([
    ...['settings', 'backup', 'first-copy', 'last-copy', 'compare', 'undo'],
    ...['memory-to-redis.ts', 'python-to-verbatim.ts'],
  ])
  const fences = (await readFile(GUIDE, 'utf8')).match(/^ *```\w/gm) ?? []
  expect(fences).toHaveLength(blocks.size)
})

test(
  'an app that reads and writes all the time finds every entry after its move to another server',
  async () => {
    const before = new App(source.url)
    await before.work(500)
    const working = before.workUntilStopped()
    await follow('backup')
    await follow('first-copy')
    await before.work(100)

    before.stop()
    await working
    const after = new App(target.url, before.written)
    const continuing = after.workUntilStopped()
    await follow('last-copy')
    await follow('compare')
    after.stop()
    await continuing
    expect(await after.missing()).toEqual([])
    await Promise.all([before.close(), after.close()])
  },
  LIMIT,
)

test.runIf(isNightly)(
  'the way back leaves the new server as it was before',
  async () => {
    await rawTarget.set('mine', 'before')
    const app = new App(source.url)
    await app.work(200)
    for (const name of ['backup', 'first-copy', 'last-copy', 'undo']) await follow(name)
    expect(await rawTarget.keys('*')).toEqual(['mine'])
    await app.close()
  },
  LIMIT,
)

test('the program for memory copies all entries to Redis', async () => {
  expect(await follow('memory-to-redis.ts')).toBe('copied 1 entries, 1 are equal\n')
  await using cache = new GenericRedisCache({
    redisUrl: source.url,
    keyPrefix: 'verbatim-example:',
  })
  expect(await cache.get('user:1')).toEqual({ name: 'Ada', born: new Date('1815-12-10') })
})

test('the program for the Python version copies JSON and names what is pickled', async () => {
  const pickled = Buffer.from('80049508000000000000007d948c0161944b01732e', 'hex')
  await raw.set('cache:json', 'rawj:{"a":1}', 'PX', 600_000)
  await raw.set('cache:zip', Buffer.concat([Buffer.from('zlib:'), deflateSync('{"b":[2]}')]))
  await raw.set('cache:pickle', pickled)
  expect(await follow('python-to-verbatim.ts')).toBe(
    [
      'copied 2 entries, left out 1',
      'Migration incomplete: 1 keys could not be read',
      'key "pickle": the value is pickled, and reading it could run code',
      '',
    ].join('\n'),
  )
  await using cache = new GenericRedisCache({
    redisUrl: source.url,
    keyPrefix: 'verbatim-example:',
  })
  expect(await cache.getMany(['json', 'zip'])).toEqual(
    new Map<string, unknown>([
      ['json', { a: 1 }],
      ['zip', { b: [2] }],
    ]),
  )
})

/** An app that writes pages of a shop and reads pages that it has written. */
class App {
  readonly written: string[]
  readonly #cache: GenericRedisCache
  #isStopped = false

  constructor(redisUrl: string, written: readonly string[] = []) {
    this.written = [...written]
    this.#cache = new GenericRedisCache({ redisUrl, keyPrefix: 'shop:', commandTimeout: 5_000 })
  }

  async work(pages: number): Promise<void> {
    for (let count = 0; count < pages; count++) {
      const key = `page:${this.written.length}`
      await this.#cache.set(key, { key }, '1h')
      this.written.push(key)
      await this.#cache.get(this.written[Math.floor(Math.random() * this.written.length)] ?? key)
    }
  }

  async workUntilStopped(): Promise<void> {
    while (!this.#isStopped) {
      await this.work(1)
      await sleep(2)
    }
  }

  stop(): void {
    this.#isStopped = true
  }

  /** Returns the keys without the value that was written. */
  async missing(): Promise<string[]> {
    const found = await this.#cache.getMany<{ key: string }>(this.written)
    return this.written.filter((key) => found.get(key)?.key !== key)
  }

  close(): Promise<void> {
    return this.#cache.close()
  }
}

/** Runs a block of the guide, and returns its output. */
async function follow(name: string): Promise<string> {
  const code = blocks.get(name) ?? ''
  if (name.endsWith('.ts')) {
    const file = path.join(FOLDER, name)
    await writeFile(file, code)
    const {
      code: exitCode,
      out,
      err,
    } = await runProgram(file, [], {
      env: { REDIS_URL: source.url },
    })
    if (exitCode !== 0 || err !== '') throw new Error(`${name} ended with ${exitCode}: ${err}`)
    return out
  }
  const settings = (blocks.get('settings') ?? '')
    .replace('redis://127.0.0.1:6379', source.url)
    .replace('redis://127.0.0.1:6380', target.url)
  const npx = `npx() { shift; '${process.execPath}' '${PROGRAM}' "$@"; }`
  const script = `set -eu\n${settings}\n${npx}\n${code}`
  const env = { PATH: process.env['PATH'] }
  return (await run('bash', ['--norc', '-c', script], { cwd: FOLDER, env })).stdout
}

/** Returns the code blocks of a page by the name after their language. */
function blocksOf(page: string): ReadonlyMap<string, string> {
  const blocksInPage = page.matchAll(/^( *)```\w+ (\S+)\n(.*?)^ *```$/gms)
  return new Map(
    Array.from(blocksInPage, ([, indent = '', name = '', code = '']) => [
      name,
      code.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
    ]),
  )
}
