import { execFile } from 'node:child_process'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type RedisServer, startRedis } from '@verbatim/test-support'
import { afterAll, beforeAll, expect, test } from 'vitest'

const run = promisify(execFile)
const require = createRequire(import.meta.url)
const tsc = path.join(path.dirname(require.resolve('typescript/package.json')), 'bin/tsc')

const GUIDE = new URL('../../../docs/testing.md', import.meta.url)
const FOLDER = fileURLToPath(new URL('../.readme/', import.meta.url))

/** URL in the examples. The tests replace it by the URL of a real server. */
const EXAMPLE_REDIS_URL = 'redis://127.0.0.1:6379'

const TIMEOUT_MS = 120_000

/** Milliseconds after which a program counts as one that does not end. */
const STILL_RUNNING_AFTER_MS = 5_000

/** Code blocks of the guide by file name, such as "```ts prices.ts". */
const examples = await readExamples()
let redis: RedisServer
let compilerErrors: string

beforeAll(async () => {
  redis = await startRedis()
  await rm(FOLDER, { recursive: true, force: true })
  await mkdir(FOLDER, { recursive: true })
  for (const [name, code] of examples) {
    await writeFile(path.join(FOLDER, name), code.replaceAll(EXAMPLE_REDIS_URL, redis.url))
  }
  await writeFile(path.join(FOLDER, 'package.json'), JSON.stringify({ type: 'module' }))
  await writeFile(path.join(FOLDER, 'tsconfig.json'), JSON.stringify(TSCONFIG))
  await writeFile(path.join(FOLDER, 'vitest.config.js'), VITEST_CONFIG)
  await writeFile(path.join(FOLDER, 'jest.config.js'), JEST_CONFIG)
  // Jest and `node --test` run the compiled code, as in a TypeScript project.
  compilerErrors = await run(process.execPath, [tsc, '-p', FOLDER]).then(
    () => '',
    (error: Error & { stdout?: string }) => error.stdout ?? error.message,
  )
}, TIMEOUT_MS)
afterAll(async () => {
  await redis.stop()
  await rm(FOLDER, { recursive: true, force: true })
})

test('the guide contains an example for each tool', () => {
  expect([...examples.keys()]).toEqual([
    'prices.ts',
    'prices.vitest.test.ts',
    'refresh.vitest.test.ts',
    'prices.jest.test.js',
    'prices.sinon.test.js',
    'missing-cache.ts',
    'missing-cache.vitest.test.ts',
    'prices.node.test.js',
    'redis.vitest.test.ts',
    'ends.js',
    'ends-with-close.js',
  ])
})

test('the examples compile', () => {
  expect(compilerErrors).toBe('')
})

test('every code block of the guide has a file name', async () => {
  const fences = (await readFile(GUIDE, 'utf8')).match(/^```\w/gm) ?? []
  expect(examples.size).toBe(fences.length)
})

test(
  'the examples for vitest pass',
  async () => {
    const vitest = path.join(path.dirname(require.resolve('vitest/package.json')), 'vitest.mjs')
    const { stdout } = await runIn([vitest, 'run', '--reporter=json'])
    const { numPassedTests, success } = JSON.parse(stdout.slice(stdout.indexOf('{'))) as Results
    expect({ numPassedTests, success }).toEqual({ numPassedTests: 6, success: true })
  },
  TIMEOUT_MS,
)

test(
  'the example for Jest passes with ECMAScript modules enabled',
  async () => {
    const jest = require.resolve('jest/bin/jest')
    const { stdout } = await runIn(['--experimental-vm-modules', jest, '--json'])
    const { numPassedTests, success } = JSON.parse(stdout) as Results
    expect({ numPassedTests, success }).toEqual({ numPassedTests: 1, success: true })
  },
  TIMEOUT_MS,
)

test(
  'the example for Jest passes when it is compiled to CommonJS',
  async () => {
    const folder = path.join(FOLDER, 'commonjs')
    await mkdir(folder)
    for (const name of ['prices.ts', 'prices.jest.test.js']) {
      await writeFile(path.join(folder, name), examples.get(name) ?? '')
    }
    await writeFile(path.join(folder, 'package.json'), JSON.stringify({ type: 'commonjs' }))
    await writeFile(path.join(folder, 'tsconfig.json'), JSON.stringify(COMMONJS_TSCONFIG))
    await run(process.execPath, [tsc, '-p', folder])
    const config = { testEnvironment: 'node', transform: {}, rootDir: path.join(folder, 'out') }
    const args = ['--json', `--config=${JSON.stringify(config)}`]
    const { stdout } = await runIn([require.resolve('jest/bin/jest'), ...args])
    expect(await readFile(path.join(folder, 'out/prices.jest.test.js'), 'utf8')).toContain(
      'require(',
    )
    expect(JSON.parse(stdout)).toMatchObject({ numPassedTests: 1, success: true })
  },
  TIMEOUT_MS,
)

test(
  'Jest stops the time limits of a cache when its configuration enables fake timers',
  async () => {
    const program = `
import { expect, jest, test } from '@jest/globals'
import { InMemoryCache } from '@verbatim/cache-memory'

test('a time limit ends when the fake time passes', async () => {
  const never = () => new Promise(() => {})
  const call = new InMemoryCache().getOrSet('key', never, { timeout: { hard: '20ms' } })
  const outcome = jest.fn()
  call.catch((error) => outcome(error.code))
  jest.useRealTimers()
  await new Promise((resolve) => setTimeout(resolve, 500))
  expect(outcome).not.toHaveBeenCalled()
})
`
    await writeFile(path.join(FOLDER, 'global.jest.mjs'), program)
    const config = { testEnvironment: 'node', transform: {}, fakeTimers: { enableGlobally: true } }
    const jest = require.resolve('jest/bin/jest')
    const { stdout } = await runIn([
      '--experimental-vm-modules',
      jest,
      '--json',
      `--config=${JSON.stringify({ ...config, testMatch: ['**/global.jest.mjs'] })}`,
    ])
    expect(JSON.parse(stdout)).toMatchObject({ numPassedTests: 1, success: true })
  },
  TIMEOUT_MS,
)

test.each(['prices.sinon.test.js', 'prices.node.test.js'])(
  'node --test passes %s',
  async (name) => {
    const { stdout } = await runIn(['--test', '--test-reporter=tap', name])
    expect(stdout).toMatch(/^# pass 1$/m)
    expect(stdout).toMatch(/^# fail 0$/m)
  },
  TIMEOUT_MS,
)

test.each(['ends.js', 'ends-with-close.js'])(
  '%s exits without process.exit',
  async (name) => {
    expect((await runIn([name])).stdout).toBe('done\n')
  },
  TIMEOUT_MS,
)

test.each(['responds', 'is not available'])(
  'a cache with a Redis that %s keeps the process alive if it is not closed',
  async (state) => {
    const program = (await readFile(path.join(FOLDER, 'ends-with-close.js'), 'utf8'))
      .replace('await cache.close()', '')
      .replace(redis.url, state === 'responds' ? redis.url : 'redis://127.0.0.1:1')
    const name = `never-ends-${state === 'responds' ? 1 : 2}.js`
    await writeFile(path.join(FOLDER, name), program)
    const stopped = run(process.execPath, [name], { cwd: FOLDER, timeout: STILL_RUNNING_AFTER_MS })
    await expect(stopped).rejects.toMatchObject({ killed: true, stdout: 'done\n' })
  },
  TIMEOUT_MS,
)

interface Results {
  readonly numPassedTests: number
  readonly success: boolean
}

/** Runs Node in the folder of the examples. Rejects with the output if Node fails. */
function runIn(args: readonly string[]): Promise<{ stdout: string; stderr: string }> {
  // Other variables would make the inner vitest a worker of the outer one.
  const { PATH } = process.env
  return run(process.execPath, args, { cwd: FOLDER, timeout: TIMEOUT_MS, env: { PATH } })
}

async function readExamples(): Promise<ReadonlyMap<string, string>> {
  const text = await readFile(GUIDE, 'utf8')
  const blocks = text.matchAll(/^```\w+ (\S+)\n(.*?)^```$/gms)
  return new Map(Array.from(blocks, ([, name = '', code = '']) => [name, code]))
}

const TSCONFIG = {
  extends: '../tsconfig.json',
  compilerOptions: { noEmit: false, rootDir: '.' },
  include: ['*.ts'],
}

const COMMONJS_TSCONFIG = {
  extends: '../../tsconfig.json',
  compilerOptions: {
    ...{ noEmit: false, rootDir: '.', outDir: 'out', allowJs: true },
    ...{ module: 'nodenext', verbatimModuleSyntax: false, isolatedModules: false },
  },
  include: ['*.ts', '*.js'],
}

const VITEST_CONFIG = `export default { test: { include: ['*.vitest.test.ts'] } }\n`

const JEST_CONFIG = `export default {
  testEnvironment: 'node',
  transform: {},
  testMatch: ['**/*.jest.test.js'],
}\n`
