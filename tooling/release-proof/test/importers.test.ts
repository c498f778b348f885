import { fileURLToPath } from 'node:url'
import { freePort, startRedis } from '@verbatim/test-support'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { ConsumerProject } from '../src/consumer-project.js'

const IMPORTERS = fileURLToPath(new URL('../importers/', import.meta.url))

const PACKAGES = [
  ...['cache-ai', 'cache-bench', 'cache-core', 'cache-memory', 'cache-migration'],
  ...['cache-monitoring', 'cache-redis'],
].map((name) => `@verbatim/${name}`)
const PEERS = ['prom-client@15', '@opentelemetry/api@1.9', '@types/node@20']

const registryUrl = inject('registryUrl')
const redis = await startRedis()
const env = { REDIS_URL: redis.url }
afterAll(() => redis.stop())

/** `module` and `moduleResolution` of TypeScript programs for Node. */
const TYPESCRIPT = {
  'CommonJS, node10': ['commonjs', 'node10'],
  'CommonJS, node16': ['node16', 'node16'],
  'CommonJS, nodenext': ['nodenext', 'nodenext'],
  'ES modules, bundler': ['esnext', 'bundler'],
} as const

// 5.4 is the oldest version that the READMEs promise. TypeScript 7 has no node10.
describe.each(['5.4.5', '5.9.3', '7.0.2'])('TypeScript %s', (version) => {
  let project: ConsumerProject

  beforeAll(async () => {
    project = await ConsumerProject.create(registryUrl, {})
    const testkit = ['vitest@4', 'fast-check@4']
    await project.install(...PACKAGES, ...PEERS, ...testkit, `typescript@${version}`)
    await project.copy(IMPORTERS)
  })
  afterAll(() => project[Symbol.asyncDispose]())

  const settings = Object.entries(TYPESCRIPT).filter(
    ([, [, resolution]]) => version !== '7.0.2' || resolution !== 'node10',
  )
  test.each(settings)('a program compiles and runs: %s', async (_name, [module, resolution]) => {
    const options = [
      ...['--module', module, '--moduleResolution', resolution, '--target', 'es2022'],
      ...['--strict', '--skipLibCheck', 'false', '--types', 'node', '--rootDir', '.'],
      ...['--esModuleInterop', '--outDir', `out/${resolution}`],
    ]
    const compiler = 'node_modules/typescript/bin/tsc'
    expect(await project.node([compiler, ...options, 'program.ts'])).toBe('')
    const type = module === 'esnext' ? 'module' : 'commonjs'
    await project.write(`out/${resolution}/package.json`, JSON.stringify({ type }))
    expect(await project.node([`out/${resolution}/program.js`], env)).toBe('ok\n')
  })

  // With skipLibCheck, because the declarations of vitest need a newer compiler.
  test.each(settings)('the contract suite compiles: %s', async (_name, [module, resolution]) => {
    const options = ['--module', module, '--moduleResolution', resolution, '--target', 'es2022']
    const compiled = await project.node([
      ...['node_modules/typescript/bin/tsc', ...options, '--strict', '--skipLibCheck'],
      ...['--types', 'node', '--esModuleInterop', '--noEmit', 'types.ts'],
    ])
    expect(compiled).toBe('')
  })
})

describe('Jest without flags', () => {
  let project: ConsumerProject

  beforeAll(async () => {
    project = await ConsumerProject.create(registryUrl, {})
    const tools = ['jest@30', 'ts-jest@29', 'typescript@5.9', '@types/jest@30', 'fast-check@4']
    await project.install(...PACKAGES, ...PEERS, ...tools)
    await project.copy(`${IMPORTERS}jest`)
  })
  afterAll(() => project[Symbol.asyncDispose]())

  test('requires every package, and runs the contract suite', async () => {
    expect(await project.run('npx', ['jest', 'plain', '--testTimeout', '30000'], env)).toBe('')
  })

  test('recognizes errors across both copies, with ECMAScript modules enabled', async () => {
    const node = { NODE_OPTIONS: '--experimental-vm-modules', VM_MODULES: 'yes' }
    const jest = ['jest', 'plain', '-t', 'instance']
    expect(await project.run('npx', jest, { ...env, ...node })).toBe('')
  })

  test('compiles and runs TypeScript by ts-jest', async () => {
    await project.write(
      'tsconfig.json',
      '{ "compilerOptions": { "module": "commonjs", "strict": true, "esModuleInterop": true } }',
    )
    const transform = JSON.stringify({ '\\.ts$': 'ts-jest' })
    expect(await project.run('npx', ['jest', 'typed', '--transform', transform], env)).toBe('')
  })
})

test('a default NestJS project compiles, passes its tests and responds', async () => {
  await using project = await ConsumerProject.create(registryUrl, {})
  const nest = ['common', 'core', 'platform-express', 'testing'].map((name) => `@nestjs/${name}@11`)
  const tools = ['jest@30', 'ts-jest@29', 'typescript@5.9', '@types/jest@30']
  await project.install(...PACKAGES, ...PEERS, ...nest, 'reflect-metadata', 'rxjs@7', ...tools)
  await project.copy(`${IMPORTERS}nest`)
  await project.node(['node_modules/typescript/bin/tsc'])
  await project.run('npx', ['jest', '--config', 'jest.config.json'])
  expect(await project.node(['dist/main.js'])).toMatch(/^answer 1\nanswer 1\nINVALID_\w+\n$/)
})

test('server code of Next.js builds and responds as a standalone server', async () => {
  await using project = await ConsumerProject.create(registryUrl, {})
  const next = ['next@16', 'react@19', 'react-dom@19', 'typescript@5.9', '@types/react@19']
  await project.install(...PACKAGES, ...PEERS, ...next)
  await project.copy(`${IMPORTERS}next`)
  await project.run('npx', ['next', 'build'], { NEXT_TELEMETRY_DISABLED: '1' })
  const answer = await project.node(['ask.cjs', String(await freePort())], env)
  expect(answer).toContain('{"hit":true,"errors":true,"caches":true,"metrics":true}')
})

describe('bundlers', () => {
  let project: ConsumerProject

  beforeAll(async () => {
    project = await ConsumerProject.create(registryUrl, {})
    const rollup = ['node-resolve', 'commonjs', 'json'].map((name) => `@rollup/plugin-${name}`)
    const tools = ['esbuild@0.28', 'rollup@4', ...rollup, 'webpack@5', 'vite@8', 'typescript@5.9']
    await project.install(...PACKAGES, ...PEERS, ...tools)
    await project.copy(IMPORTERS)
    await project.node([
      ...['node_modules/typescript/bin/tsc', '--module', 'esnext', '--moduleResolution', 'bundler'],
      ...['--target', 'es2022', '--types', 'node', '--skipLibCheck', 'program.ts'],
    ])
  })
  afterAll(() => project[Symbol.asyncDispose]())

  for (const bundler of ['esbuild', 'rollup', 'webpack', 'vite']) {
    for (const format of ['cjs', 'esm']) {
      test(`the ${format} bundle of ${bundler} stands alone and runs`, async () => {
        await project.node([`bundlers/${bundler}.mjs`, format])
        await using elsewhere = await ConsumerProject.create(registryUrl, {})
        const file = `bundle.${format === 'cjs' ? 'cjs' : 'mjs'}`
        await elsewhere.write(file, await project.read(file))
        expect(await elsewhere.node([file], env)).toBe('ok\n')
      })
    }
  }
})

describe('package managers', () => {
  const install = (tool: string): string[] => ['--yes', tool, 'add', ...PACKAGES, ...PEERS]
  test.each([
    ['npm', ['npx', ['--yes', 'npm@11', 'install', ...PACKAGES, ...PEERS]]],
    ['pnpm', ['npx', install('pnpm@10.34.9')]],
    ['yarn 1', ['npx', install('yarn@1.22.22')]],
    ['yarn 4', ['npx', install('@yarnpkg/cli-dist@4.18.1')]],
    ['bun', ['npx', install('bun@1.4.5')]],
  ] as const)(
    '%s installs every package, for import and for require',
    async (name, [tool, words]) => {
      await using project = await ConsumerProject.create(registryUrl, {})
      if (name === 'yarn 4') await project.write('.yarnrc.yml', yarnSettings())
      await project.run(tool, words)
      await project.write(
        'import.mjs',
        importEach((place) => `await import('${place}')`),
      )
      await project.write(
        'require.cjs',
        importEach((place) => `require('${place}')`),
      )
      for (const program of ['import.mjs', 'require.cjs']) {
        expect(await project.node([program])).toBe('ok\n')
        const byBun = (): Promise<string> => project.run('npx', ['--yes', 'bun@1.4.5', program])
        expect(name === 'bun' ? await byBun() : 'ok\n').toBe('ok\n')
      }
    },
  )
})

function yarnSettings(): string {
  return [
    'nodeLinker: node-modules',
    'enableTelemetry: false',
    'npmPreapprovedPackages: ["@verbatim/*"]',
    'unsafeHttpWhitelist: ["127.0.0.1"]',
    `npmScopes: { verbatim: { npmRegistryServer: "${registryUrl}" } }`,
  ].join('\n')
}

/** Returns a program that loads each package and each subpath. */
function importEach(load: (place: string) => string): string {
  const subpaths = ['otel', 'prometheus', 'watch'].map(
    (name) => `@verbatim/cache-monitoring/${name}`,
  )
  const places = [...PACKAGES, ...subpaths].map((place) => `Object.keys(${load(place)}).length`)
  return `
const { InMemoryCache } = ${load('@verbatim/cache-memory')}
const { CacheInterface } = ${load('@verbatim/cache-core')}
const works = new InMemoryCache() instanceof CacheInterface && [${places.join(', ')}].every(Boolean)
console.log(works ? 'ok' : 'failed')
`
}
