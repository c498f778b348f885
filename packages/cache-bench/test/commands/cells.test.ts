import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { askRedis, type RedisServer, startRedis } from '@verbatim/test-support'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runWith } from '../cells/runs.js'

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url))
const PACKAGE = fileURLToPath(new URL('../..', import.meta.url))
const QUICK = ['--processes', '1', '--budget', '20', '--scenario']

interface Outcome {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

function cacheBench(...args: readonly string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    const options = { cwd: PACKAGE, env: { PATH: process.env['PATH'] }, maxBuffer: 1e8 }
    execFile(process.execPath, [CLI, ...args], options, (error, stdout, stderr) => {
      const exitCode = error === null ? 0 : typeof error.code === 'number' ? error.code : -1
      resolve({ exitCode, stdout, stderr })
    })
  })
}

let folder: string
let redis: RedisServer
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cache-bench-cells-'))
  redis = await startRedis()
})
afterAll(async () => {
  await redis.stop()
  await rm(folder, { recursive: true, force: true })
})

async function file(name: string, text: string): Promise<string> {
  await writeFile(path.join(folder, name), text)
  return path.join(folder, name)
}

const SOUND = `export default ({ ttlMs, maxSize }) => {
  const entries = new Map()
  return {
    get: async (key) => {
      const entry = entries.get(key)
      return entry !== undefined && entry.expiresAt > performance.now() ? entry.value : undefined
    },
    set: async (key, value) => {
      entries.set(key, { value, expiresAt: performance.now() + ttlMs })
      if (entries.size > maxSize) entries.delete(entries.keys().next().value)
    },
  }
}`

describe('compare', () => {
  test('shows every failure as a row and continues with the other caches', async () => {
    const midway = SOUND.replace(
      'get: async (key) => {',
      'get: async (key) => {\n await tick()',
    ).concat(
      '\nlet calls = 0\nconst tick = async () => { if (++calls > 1500) throw new Error("midway") }',
    )
    const modules = [
      await file('sound.mjs', SOUND),
      await file('unloadable.mjs', "throw new Error('no redis://user:s3cret@host')"),
      await file('nothing.mjs', 'export default () => ({ get() {} })'),
      await file('midway.mjs', midway),
      await file('crash.mjs', `${SOUND}\nsetTimeout(() => process.exit(3), 600)`),
    ]
    const { exitCode, stdout, stderr } = await cacheBench(
      'compare',
      ...modules,
      ...QUICK,
      'get',
      '--json',
    )
    // On a slow machine, lines of progress are printed.
    expect([exitCode, stderr.replaceAll(/^\d+ of \d+: .*\n/gm, '')]).toEqual([0, ''])
    const run = JSON.parse(stdout)
    const failures = Object.fromEntries(
      run.caches.map((cache: { name: string; failures: string[] }) => [cache.name, cache.failures]),
    )
    expect(failures['sound.mjs']).toEqual([])
    expect(failures['unloadable.mjs']).toEqual(['module unloadable.mjs cannot be loaded: no <url>'])
    expect(failures['nothing.mjs']).toEqual([
      'module nothing.mjs must return a cache with get() and set()',
    ])
    const cells = new Map(
      run.cells.map((cell: { cache: string; error?: string }) => [cell.cache, cell.error]),
    )
    expect(cells.get('sound.mjs')).toBeUndefined()
    expect(cells.has('sound.mjs')).toBe(true)
    expect([...failures['midway.mjs'], cells.get('midway.mjs')].join()).toContain('midway')
    expect([...failures['crash.mjs'], cells.get('crash.mjs')].join()).toMatch(/exit code 3/)
  }, 120_000)

  test('prints a table with Redis, and deletes its keys', async () => {
    const names = ['memory', 'GenericRedisCache, no memory tier', 'Verbatim']
    const out = path.join(folder, 'run.md')
    const { exitCode, stdout } = await cacheBench(
      ...['compare', ...names, ...QUICK, 'get', 'stampede, 4 processes', 'outage'],
      ...['throughput, structured, 100 B', 'paced latency'],
      ...['--redis-url', redis.url, '--out', out],
    )
    expect(exitCode).toBe(0)
    expect(stdout).toContain('| **redis, copy-safe** |')
    expect(stdout).toMatch(/\| GenericRedisCache, no memory tier \| [~\d]/)
    expect(stdout).toContain('frozen: longest, ms')
    expect(stdout).toContain('loads per key, count')
    expect(stdout).toContain('get: bytes received, bytes')
    expect(stdout).toMatch(/\| structured, 100 B \| 512 \| [\d.]+ \|/)
    expect(stdout).toMatch(/\| Verbatim \| [\d,]+ \| [\d.,]+ \|/)
    expect(await readFile(out, 'utf8')).toBe(stdout)
    expect((await askRedis(redis.port, 'KEYS cache-bench:*')).trim()).toBe('*0')
  }, 240_000)

  test('prints the finished cells after Ctrl-C', async () => {
    // Each created cache appends a byte: the gate creates at most seven.
    const created = await file('created.txt', '')
    const code = SOUND.replace('=> {', `=> {\n  appendFileSync(${JSON.stringify(created)}, '.')`)
    const module = await file('counting.mjs', `import { appendFileSync } from 'node:fs'\n${code}`)
    const options = ['--scenario', 'get', '--processes', '100', '--budget', '20', '--json']
    const child = spawn(process.execPath, [CLI, 'compare', module, ...options], { cwd: PACKAGE })
    let stdout = ''
    child.stdout.on('data', (data: Buffer) => {
      stdout += data.toString()
    })
    while ((await stat(created)).size < 10) await sleep(50)
    child.kill('SIGINT')
    const [exitCode] = await once(child, 'close')
    expect(exitCode).toBe(130)
    const run = JSON.parse(stdout)
    expect(run).toMatchObject({ format: 'cache-bench-run', isPartial: true })
    expect(run.cells.length).toBeGreaterThan(0)
  }, 120_000)
})

describe('regress', () => {
  const run = async (name: string, values: readonly number[]): Promise<string> => {
    return file(name, JSON.stringify(runWith(values)))
  }

  test.each([
    ['the same speed', [101, 102, 103, 104, 105], 0, 'ok'],
    ['a slow-down of 20 %', [120, 121, 122, 123, 124], 1, 'warning'],
    ['a slow-down of 50 %', [150, 151, 152, 153, 154], 1, 'critical'],
  ])('for %s the exit code is as expected', async (_name, values, code, verdict) => {
    const baseline = await run('baseline.json', [100, 101, 102, 103, 104])
    const current = await run('current.json', values)
    const { exitCode, stdout, stderr } = await cacheBench('regress', baseline, '--with', current)
    expect([exitCode, stderr]).toEqual([code, ''])
    expect(stdout).toContain(`| ${verdict} |`)
  })

  test.each([
    ['corrupt.json', '{"format":', 'corrupt.json is corrupt: it is not JSON'],
    ['foreign.json', '{"name":"x"}', 'received a file of another format'],
    ['newer.json', '{"format":"cache-bench-run","formatVersion":9}', 'another version'],
    ['few.json', JSON.stringify(runWith([1, 2])), 'must have at least 5 processes per cell'],
    ['empty.json', '', 'empty.json is corrupt'],
    ['damaged.json', JSON.stringify({ ...runWith([1]), load: undefined }), 'load is damaged'],
    [
      'histogram.json',
      JSON.stringify(runWith([1], { figure: { histogram: 'AAAA' } })),
      'cells is damaged',
    ],
  ])('exits with code 2 for %s', async (name, text, message) => {
    const baseline = await file(name, text)
    const current = await run('current.json', [1, 2, 3, 4, 5])
    const { exitCode, stdout, stderr } = await cacheBench('regress', baseline, '--with', current)
    expect([exitCode, stdout]).toEqual([2, ''])
    expect(stderr).toContain(message)
  })

  test('exits with code 2 for a baseline that does not exist', async () => {
    const { exitCode, stderr } = await cacheBench('regress', path.join(folder, 'none.json'))
    expect([exitCode, stderr]).toEqual([2, 'error: none.json cannot be read (ENOENT)\n'])
  })
})

test('compare lists a cache that needs Redis and has no server', async () => {
  const { exitCode, stdout } = await cacheBench('compare', 'memory', 'redis', ...QUICK, 'get')
  expect(exitCode).toBe(0)
  expect(stdout).toContain('Not timed:')
  expect(stdout).toContain('- GenericRedisCache: needs --redis-url or REDIS_URL')
})

test('a file that cannot be written is rejected before the run', async () => {
  const out = path.join(folder, 'absent', 'run.json')
  const { exitCode, stdout, stderr } = await cacheBench('compare', 'memory', '--out', out)
  // A run would have printed its table.
  expect([exitCode, stdout]).toEqual([1, ''])
  expect(stderr).toContain('ENOENT')
})

test('report prints a stored run', async () => {
  const stored = await file('stored.json', JSON.stringify(runWith([1, 2, 3])))
  const { exitCode, stdout } = await cacheBench('report', stored)
  expect(exitCode).toBe(0)
  expect(stdout).toContain('| map | 2 (1-3) |')
})

test.each([
  [['compare'], 'cache'],
  [['compare', 'memory', '--scenario', 's3cret'], '--scenario must be all or some of'],
  [['compare', 'memory', '--out', 'run.pdf'], '--out must end with .json or .md or .html'],
  [['compare', 'redis'], '--redis-url must be given for these caches; received none'],
])('%j exits with code 2', async (args, message) => {
  const { exitCode, stdout, stderr } = await cacheBench(...args)
  expect([exitCode, stdout]).toEqual([2, ''])
  expect(stderr).toContain(message)
  expect(stderr).not.toContain('s3cret')
})
