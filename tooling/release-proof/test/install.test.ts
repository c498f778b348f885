import { fileURLToPath } from 'node:url'
import { startRedis } from '@verbatim/test-support'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { COMPILERS, ConsumerProject, MODULE_RESOLUTIONS } from '../src/consumer-project.js'

/** What each package brings of ours, and what of others'. A new dependency has to be added here. */
const EXPECTED = {
  'cache-core': { ours: [], others: [] },
  'cache-memory': { ours: ['cache-core'], others: ['lru-cache'] },
  'cache-monitoring': {
    ours: ['cache-core'],
    others: ['commander', 'picocolors'],
  },
  'cache-redis': { ours: ['cache-core', 'cache-memory'], others: ['ioredis'] },
  'cache-ai': {
    ours: ['cache-core', 'cache-monitoring', 'cache-redis'],
    others: ['@humanwhocodes/momoa', 'commander', 'yaml', 'zod'],
  },
  'cache-migration': { ours: ['cache-core', 'cache-redis'], others: ['commander'] },
  'cache-bench': { ours: ['cache-core'], others: ['cli-table3', 'commander'] },
} as const

const COMMANDS = {
  'cache-ai': 'cache-ai',
  'cache-migration': 'cache-migrate',
  'cache-bench': 'cache-bench',
  'cache-monitoring': 'cache-monitor',
} as const

/** Programs that use parts for which others have to be installed beside the package. */
const WITH_PEERS = {
  'cache-monitoring-exporters': ['@verbatim/cache-monitoring', 'prom-client', '@opentelemetry/api'],
} as const

const registryUrl = inject('registryUrl')
const published = new Map(inject('published').map((version) => [version.name, version]))
const redis = await startRedis()
afterAll(() => redis.stop())

test('every package is published, and nothing else', () => {
  const names = Object.keys(EXPECTED).map((name) => `@verbatim/${name}`)
  expect([...published.keys()].toSorted()).toEqual(names.toSorted())
})

describe.each(Object.entries(EXPECTED))('%s, installed alone', (shortName, { ours, others }) => {
  const name = `@verbatim/${shortName}`
  let project: ConsumerProject

  beforeAll(async () => {
    project = await ConsumerProject.create(registryUrl)
    await project.install(name)
  })
  afterAll(() => project[Symbol.asyncDispose]())

  test('declares exactly what it should', () => {
    const { dependencies = {} } = published.get(name) ?? {}
    const expected = [...ours.map((our) => `@verbatim/${our}`), ...others]
    expect(Object.keys(dependencies).toSorted()).toEqual(expected.toSorted())
    const ranges = Object.values(dependencies)
    expect(ranges.filter((range) => /workspace|catalog|\*/.test(range))).toEqual([])
  })

  test('brings exactly what it and its dependencies declare', async () => {
    expect(await project.installedNames()).toEqual(await project.declaredNames(name))
  })

  for (const compiler of COMPILERS) {
    for (const resolution of MODULE_RESOLUTIONS.keys()) {
      test(`a program compiles with ${compiler}, ${resolution}, and runs`, async () => {
        const source = fileURLToPath(new URL(`../programs/${shortName}.ts`, import.meta.url))
        const program = await project.compile(source, compiler, resolution)
        expect(await project.node([program], { REDIS_URL: redis.url })).toBe('ok\n')
      })
    }
  }

  test('require() finds the same as import', async () => {
    const required = await project.node(['-p', `Object.keys(require('${name}')).sort().join()`])
    const imported = await project.node([
      ...['--input-type=module', '--eval'],
      `console.log(Object.keys(await import('${name}')).sort().join())`,
    ])
    expect(required).toBe(imported)
  })
})

describe.each(Object.entries(WITH_PEERS))('%s', (program, packages) => {
  test('compiles, and runs, with what it needs beside it', async () => {
    await using project = await ConsumerProject.create(registryUrl)
    for (const name of packages) await project.install(name)
    const source = fileURLToPath(new URL(`../programs/${program}.ts`, import.meta.url))
    for (const compiler of COMPILERS) {
      for (const resolution of MODULE_RESOLUTIONS.keys()) {
        const compiled = await project.compile(source, compiler, resolution)
        expect(await project.node([compiled])).toBe('ok\n')
      }
    }
  })
})

describe.each(Object.entries(COMMANDS))('%s', (shortName, command) => {
  test(`brings the command ${command}`, async () => {
    await using project = await ConsumerProject.create(registryUrl)
    await project.install(`@verbatim/${shortName}`)
    expect(await project.command(command, ['--help'])).toContain(`Usage: ${command}`)
  })
})
