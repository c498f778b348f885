import type { CacheInterface } from '../cache-interface.js'
import { MAX_KEY_BYTES } from '../key.js'
import { MAX_TAGS } from '../tags.js'
import { type CacheContract, cacheTest, promises } from './contract.js'
import { expectGone, expectThere, listed, refuses, unreachable } from './expectations.js'
import { describe, expect } from './test-runner.js'
import { slowLoad } from './waiting.js'

export function tagTests(contract: CacheContract): void {
  if (!promises(contract, 'tags')) return
  describe('tags', () => {
    invalidationTests(contract)
    taggingTests(contract)
    forgettingTests(contract)
    loadTests(contract)
    refusalTests(contract)
  })
}

function invalidationTests(contract: CacheContract): void {
  const test = cacheTest(contract)

  test('an entry is absent for every method after an invalidation of its tag', async (cache) => {
    await cache.set('tagged', 'value', { ttl: '1h', tags: ['user:1'] })
    await cache.set('untagged', 'value', '1h')
    await cache.invalidateTags(['user:1'])
    await expectGone(contract, cache, 'tagged')
    expect(await cache.delete('tagged')).toBe(false)
    await expectThere(contract, cache, 'untagged', 'value')
  })

  test('one tag of an entry is enough, and one call can have many tags', async (cache) => {
    const keys = ['ab', 'bc', 'cd', 'e']
    for (const key of keys) await cache.set(key, 'value', { tags: key.split('') })
    await cache.invalidateTags(['b'])
    expect(await left(cache, keys)).toEqual(['cd', 'e'])
    await cache.invalidateTags(['a', 'd', 'e', 'd'])
    expect(await left(cache, keys)).toEqual([])
  })

  test('unknown tags and an empty array of tags remove nothing', async (cache) => {
    await cache.set('key', 'value', { tags: ['a'] })
    await cache.invalidateTags(['unknown', 'key'])
    await cache.invalidateTags([])
    await expectThere(contract, cache, 'key', 'value')
  })

  test('similar tags are different tags', async (cache) => {
    const tags = ['user', 'user:1', 'user:11', 'User', 'user ', '*', 'é', 'e\u0301', '__proto__']
    for (const tag of tags) await cache.set(tag, tag, { tags: [tag] })
    for (const [index, tag] of tags.entries()) {
      await cache.invalidateTags([tag])
      expect(await left(cache, tags), `after '${tag}'`).toEqual(tags.slice(index + 1).toSorted())
    }
  })

  test('a tag can have hundreds of entries', async (cache) => {
    const keys = Array.from({ length: 300 }, (_, index) => `key:${index}`)
    const entries = keys.map((key) => [key, key] as const)
    await cache.setMany(entries, { tags: ['all'] })
    await cache.set('other', 'value')
    await cache.invalidateTags(['all'])
    expect(await left(cache, [...keys, 'other'])).toEqual(['other'])
    if (promises(contract, 'scan')) {
      expect(await listed(cache)).toEqual(['other'])
      expect(await cache.clear()).toBe(1)
    }
  })
}

function taggingTests(contract: CacheContract): void {
  const test = cacheTest(contract)

  test('setMany sets the tags of every entry', async (cache) => {
    const entries = ['a', 'b'].map((key) => [key, key] as const)
    await cache.setMany(entries, { ttl: '1h', tags: ['first', 'second'] })
    await cache.invalidateTags(['second'])
    for (const key of ['a', 'b']) await expectGone(contract, cache, key)
  })

  test('getOrSet sets the tags of the loaded value', async (cache) => {
    await cache.getOrSet('key', () => 'old', { ttl: '1h', tags: ['first', 'second'] })
    await cache.invalidateTags(['second'])
    await expectGone(contract, cache, 'key')
    expect(await cache.getOrSet('key', () => 'new')).toBe('new')
  })

  test('tags do not affect TTLs', async (cache) => {
    await cache.set('short', 'value', { ttl: '100ms', tags: ['tag'] })
    await cache.set('long', 'value', { ttl: '1h', tags: ['tag'] })
    await cache.set('default', 'value', { tags: ['tag'] })
    await contract.advance(150)
    await expectGone(contract, cache, 'short')
    await expectThere(contract, cache, 'long', 'value')
    await expectThere(contract, cache, 'default', 'value')
  })

  test('later changes of the array of tags have no effect', async (cache) => {
    const tags = ['meant']
    await cache.set('set', 'value', { tags })
    await cache.getOrSet('loaded', () => 'value', { tags })
    tags[0] = 'not meant'
    await cache.invalidateTags(['not meant'])
    expect(await left(cache, ['set', 'loaded'])).toEqual(['loaded', 'set'])
    await cache.invalidateTags(['meant'])
    expect(await left(cache, ['set', 'loaded'])).toEqual([])
  })

  test('the maximum number of tags of the maximum length is accepted', async (cache) => {
    const longest = '😀'.repeat(MAX_KEY_BYTES / 4)
    const tags = Array.from({ length: MAX_TAGS - 1 }, (_, index) => `tag:${index}`)
    await cache.set('key', 'value', { tags: [...tags, longest] })
    await expectThere(contract, cache, 'key', 'value')
    await cache.invalidateTags([longest])
    await expectGone(contract, cache, 'key')
  })
}

function forgettingTests(contract: CacheContract): void {
  const test = cacheTest(contract)

  test('an overwritten entry loses its old tags', async (cache) => {
    const keys = ['set', 'with others', 'setMany', 'loaded']
    for (const key of keys) await cache.set(key, 'first', { tags: ['old'] })
    await cache.set('set', 'second')
    await cache.set('with others', 'second', { tags: ['new'] })
    await cache.setMany([['setMany', 'second']])
    await cache.delete('loaded')
    await cache.getOrSet('loaded', () => 'second')
    await cache.invalidateTags(['old'])
    expect(await left(cache, keys)).toEqual(keys.toSorted())
    await cache.invalidateTags(['new'])
    expect(await left(cache, keys)).toEqual(['loaded', 'set', 'setMany'])
  })

  test('a deleted or expired entry leaves no tags to the next one', async (cache) => {
    await cache.set('deleted', 'first', { tags: ['old'] })
    await cache.set('expired', 'first', { ttl: '50ms', tags: ['old'] })
    await cache.delete('deleted')
    await contract.advance(100)
    for (const key of ['deleted', 'expired']) await cache.set(key, 'second')
    await cache.invalidateTags(['old'])
    expect(await left(cache, ['deleted', 'expired'])).toEqual(['deleted', 'expired'])
  })

  // With a clock that stands still, all of this happens in one millisecond.
  test('an entry that is set after an invalidation is removed by the next one', async (cache) => {
    for (const round of [1, 2, 3]) {
      await cache.set('key', round, { tags: ['tag'] })
      await expectThere(contract, cache, 'key', round)
      await cache.invalidateTags(['tag'])
      await expectGone(contract, cache, 'key')
    }
  })
}

function loadTests(contract: CacheContract): void {
  const test = cacheTest(contract)

  test('invalidateTags does not fence loads with other tags', async (cache) => {
    const tagged = await slowLoad(cache, 'tagged', 'tagged', { tags: ['another', 'one'] })
    const untagged = await slowLoad(cache, 'untagged', 'untagged')
    await cache.invalidateTags(['an', 'unknown'])
    const loadedAgain = (): never => unreachable('the load under way was not joined')
    const newcomers = ['tagged', 'untagged'].map((key) => cache.getOrSet(key, loadedAgain))
    for (const load of [tagged, untagged]) load.finish()
    expect(await Promise.all(newcomers)).toEqual(['tagged', 'untagged'])
    for (const key of ['tagged', 'untagged']) await expectThere(contract, cache, key, key)
  })

  test('an invalidation of any tag of a load fences it', async (cache) => {
    for (const tag of ['first', 'second']) {
      const load = await slowLoad(cache, 'key', 'old', { tags: ['first', 'second'] })
      await cache.invalidateTags(['unknown', tag])
      load.finish()
      expect(await load.answer).toBe('old')
      await expectGone(contract, cache, 'key')
    }
  })
}

function refusalTests(contract: CacheContract): void {
  const test = cacheTest(contract)

  test('bad tags are rejected and change nothing', async (cache) => {
    await cache.set('key', 'before', { tags: ['a'] })
    for (const bad of BAD_TAGS as readonly (readonly string[])[]) {
      const options = { tags: bad }
      await refuses(() => cache.set('key', 'after', options), 'INVALID_TAGS')
      await refuses(() => cache.setMany([['key', 'after']], options), 'INVALID_TAGS')
      await refuses(() => cache.getOrSet('new', () => 'value', options), 'INVALID_TAGS')
      await refuses(() => cache.invalidateTags(bad), 'INVALID_TAGS')
    }
    await refuses(() => cache.invalidateTags(undefined as unknown as string[]), 'INVALID_TAGS')
    expect(await cache.get('key')).toBe('before')
    expect(await cache.exists('new')).toBe(false)
  })
}

const BAD_TAGS: readonly unknown[] = [
  'a',
  null,
  { 0: 'a' },
  new Set(['a']),
  ['a'].values(),
  ['a', ''],
  ['a', 42],
  ['a', undefined],
  ['a', '\ud800'],
  ['a', 't'.repeat(MAX_KEY_BYTES + 1)],
  Array.from({ length: MAX_TAGS + 1 }, (_, index) => `tag:${index}`),
]

/** Returns the keys that have an entry, sorted. */
async function left(cache: CacheInterface, keys: readonly string[]): Promise<string[]> {
  return [...(await cache.getMany(keys)).keys()].toSorted()
}
