import { fileURLToPath } from 'node:url'
import { startRedis } from '@verbatim/test-support'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { COMPILERS, ConsumerProject } from '../src/consumer-project.js'

interface Expected {
  /** Dependencies from this repository. */
  readonly internal: readonly string[]
  /** All other dependencies. Add new ones here. */
  readonly external: readonly string[]
  readonly commands?: readonly string[]
}

const EXPECTED: Readonly<Record<string, Expected>> = {
  'cache-core': { internal: [], external: [] },
  'cache-memory': { internal: ['cache-core'], external: ['lru-cache'] },
  'cache-monitoring': {
    internal: ['cache-core'],
    external: ['commander', 'picocolors'],
    commands: ['cache-monitor'],
  },
  'cache-redis': {
    internal: ['cache-core', 'cache-memory'],
    external: ['commander', 'ioredis'],
    commands: ['cache-redis'],
  },
  'cache-ai': {
    internal: ['cache-core', 'cache-monitoring', 'cache-redis'],
    external: ['@humanwhocodes/momoa', 'commander', 'yaml', 'zod'],
    commands: ['cache-ai'],
  },
  'cache-migration': {
    internal: ['cache-core', 'cache-redis'],
    external: ['cli-progress', 'cluster-key-slot', 'commander', 'ioredis'],
    commands: ['cache-migrate'],
  },
  'cache-bench': {
    internal: ['cache-core'],
    external: [
      'chart.js',
      'cli-table3',
      'commander',
      'hdr-histogram-js',
      'ioredis',
      'mitata',
      'yaml',
    ],
    commands: ['cache-bench'],
  },
}

/** Programs that need optional peer dependencies. */
const WITH_PEERS = {
  'cache-monitoring-exporters': ['@verbatim/cache-monitoring', 'prom-client', '@opentelemetry/api'],
} as const

const registryUrl = inject('registryUrl')
const published = new Map(inject('published').map((version) => [version.name, version]))
const redis = await startRedis()
afterAll(() => redis.stop())

test('the registry contains every package and no other', () => {
  const names = Object.keys(EXPECTED).map((name) => `@verbatim/${name}`)
  expect([...published.keys()].toSorted()).toEqual(names.toSorted())
})

describe.each(Object.entries(EXPECTED))(
  '%s installed alone',
  (shortName, { internal, external, commands = [] }) => {
    const name = `@verbatim/${shortName}`
    let project: ConsumerProject

    beforeAll(async () => {
      project = await ConsumerProject.create(registryUrl)
      await project.install(name)
    })
    afterAll(() => project[Symbol.asyncDispose]())

    test('declares exactly the expected dependencies', () => {
      const { dependencies = {} } = published.get(name) ?? {}
      const expected = [...internal.map((folder) => `@verbatim/${folder}`), ...external]
      expect(Object.keys(dependencies).toSorted()).toEqual(expected.toSorted())
      const ranges = Object.values(dependencies)
      expect(ranges.filter((range) => /workspace|catalog|\*/.test(range))).toEqual([])
    })

    test('installs exactly its direct and indirect dependencies', async () => {
      expect(await project.installedNames()).toEqual(await project.declaredNames(name))
    })

    test.each(COMPILERS)(
      'compiles and runs a program with $name and $resolution',
      async (compiler) => {
        const source = fileURLToPath(new URL(`../programs/${shortName}.ts`, import.meta.url))
        const program = await project.compile(source, compiler)
        expect(await project.node([program], { REDIS_URL: redis.url })).toBe('ok\n')
      },
    )

    test('exports the same names to require and import', async () => {
      const required = await project.node(['-p', `Object.keys(require('${name}')).sort().join()`])
      const imported = await project.node([
        ...['--input-type=module', '--eval'],
        `console.log(Object.keys(await import('${name}')).sort().join())`,
      ])
      expect(required).toBe(imported)
    })

    test.each(commands)('installs the command %s', async (command) => {
      expect(await project.command(command, ['--help'])).toContain(`Usage: ${command}`)
    })
  },
)

describe.each(Object.entries(WITH_PEERS))('%s', (program, packages) => {
  test('compiles and runs with its peer dependencies', async () => {
    await using project = await ConsumerProject.create(registryUrl)
    for (const name of packages) await project.install(name)
    const source = fileURLToPath(new URL(`../programs/${program}.ts`, import.meta.url))
    for (const compiler of COMPILERS) {
      expect(await project.node([await project.compile(source, compiler)])).toBe('ok\n')
    }
  })
})
