import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type * as CacheRedis from '@verbatim/cache-redis'
import { describe, expect, test } from 'vitest'
import type { Bug, Patch } from '../../src/bugs/bug.js'
import { BUGS, bugNamed } from '../../src/bugs/bugs.js'
import { BuildCopy, patchedFiles } from '../../src/bugs/build-copy.js'
import { THROUGH_REDIS } from '../../src/bugs/set-ups.js'

const bugOf = (...patches: Patch[]): Bug => ({
  name: 'for a test',
  breaks: 'nothing',
  setUp: THROUGH_REDIS,
  patches,
})

const open = async (bug?: Bug): Promise<CacheRedis.GenericRedisCache> => {
  await using copy = await BuildCopy.make(bug)
  const { GenericRedisCache } = (await import(copy.module)) as typeof CacheRedis
  return new GenericRedisCache({ redisUrl: 'redis://127.0.0.1:1' })
}

describe('a copy of the build', () => {
  test('contains a working cache', async () => {
    const cache = await open()
    await cache.set('key', 'value')
    expect(await cache.get('key')).toBe('value')
    await cache.close()
  })

  test('is removed with all of its files', async () => {
    const copy = await BuildCopy.make()
    const file = fileURLToPath(copy.module)
    expect(existsSync(file)).toBe(true)
    await copy[Symbol.asyncDispose]()
    expect(existsSync(file)).toBe(false)
  })

  test('contains copies of the other packages', async () => {
    const file = 'cache-memory/dist/entry-store.js'
    const find = 'use(key) {'
    const cache = await open(bugOf({ file, find, replace: `${find} throw new Error('patched')` }))
    await expect(cache.get('key')).rejects.toThrow('patched')
    await cache.close()
  })
})

describe('a patch', () => {
  const file = 'cache-redis/dist/operations-in-flight.js'

  test('must match', async () => {
    const patch = { file, find: 'not to be found', replace: '' }
    await expect(patchedFiles([patch])).rejects.toThrow('exactly once; found 0')
    await expect(BuildCopy.make(bugOf(patch))).rejects.toThrow('exactly once; found 0')
  })

  test('must match exactly once', async () => {
    const patch = { file, find: 'this.#operations', replace: '' }
    await expect(patchedFiles([patch])).rejects.toThrow(/exactly once; found [^01]/u)
  })
})

describe('seeded bugs', () => {
  test('have unique names', () => {
    expect(new Set(BUGS.map(({ name }) => name)).size).toBe(BUGS.length)
    expect(() => bugNamed('unknown')).toThrow('there is no bug unknown')
  })

  test.each(BUGS)('$name matches the build', async ({ patches }) => {
    expect((await patchedFiles(patches)).size).toBeGreaterThan(0)
  })
})
