import type { CacheInterface } from '../cache-interface.js'
import { type CacheContract, cacheTest, promises } from './contract.js'
import { unreachable } from './expectations.js'
import { describe, expect } from './test-runner.js'
import { settle, slowLoad } from './waiting.js'

/** A kind of value, with a change of it. */
interface Specimen {
  readonly make: () => object
  readonly change: (value: never) => unknown
}

const PLAIN: Readonly<Record<string, Specimen>> = {
  'a nested object': specimen(
    () => ({ name: 'Ada', inner: { count: 1 } }),
    (value) => {
      value.inner.count = 2
    },
  ),
  'the properties of an object': specimen(
    (): { name?: string; role?: string } => ({ name: 'Ada' }),
    (value) => {
      value.role = 'admin'
      delete value.name
    },
  ),
  'a list in a list': specimen(
    () => [[1, 2]],
    (value) => value[0]?.push(3),
  ),
}

const OTHER: Readonly<Record<string, Specimen>> = {
  'a date': specimen(
    () => ({ at: new Date(0) }),
    (value) => value.at.setTime(1),
  ),
  'a map': specimen(
    () => new Map([['a', [1]]]),
    (value) => {
      value.get('a')?.push(2)
      value.set('b', [])
    },
  ),
  'a set': specimen(
    () => ({ tags: new Set(['a']) }),
    (value) => value.tags.add('b'),
  ),
  'the bytes of a list of bytes': specimen(
    () => new Uint8Array([1, 2]),
    (value) => value.fill(9),
  ),
}

/** Every method that reads a key with a value. */
const READS: Readonly<Record<string, (cache: CacheInterface) => Promise<unknown>>> = {
  get: (cache) => cache.get('key'),
  getEntry: async (cache) => (await cache.getEntry('key'))?.value,
  getMany: async (cache) => (await cache.getMany(['key'])).get('key'),
  getOrSet: (cache) => cache.getOrSet('key', () => unreachable('the key was there')),
}

export function isolationTests(contract: CacheContract): void {
  const { isolation } = contract
  if (isolation === undefined) return
  describe(`values with isolation '${isolation}'`, () => {
    equalityTests(contract)
    if (isolation === 'none') return
    const specimens = promises(contract, 'types') ? { ...PLAIN, ...OTHER } : PLAIN
    for (const [what, each] of Object.entries(specimens)) {
      writerTests(contract, what, each)
      loaderTests(contract, what, each)
      readerTests(contract, what, each)
    }
    if (isolation === 'freeze') freezeTests(contract)
    else cloneTests(contract)
  })
}

function equalityTests(contract: CacheContract): void {
  const test = cacheTest(contract)

  test('every read returns an equal value', async (cache) => {
    const make = (): object => ({ name: 'Ada', list: [{ count: 1 }] })
    await cache.set('key', make())
    for (const [how, read] of Object.entries(READS)) {
      expect(await read(cache), `read by ${how}`).toStrictEqual(make())
    }
  })
}

function writerTests(contract: CacheContract, what: string, { make, change }: Specimen): void {
  const test = cacheTest(contract)

  test(`a writer cannot change ${what} in the cache`, async (cache) => {
    const [written, inBatch, loaded] = [make(), make(), make()]
    await cache.set('set', written)
    await cache.setMany([['setMany', inBatch]])
    await cache.getOrSet('getOrSet', () => loaded)
    for (const value of [written, inBatch, loaded]) change(value as never)
    for (const key of ['set', 'setMany', 'getOrSet']) {
      expect(await cache.get(key), `written by ${key}`).toStrictEqual(make())
    }
  })
}

function loaderTests(contract: CacheContract, what: string, { make, change }: Specimen): void {
  const test = cacheTest(contract)

  test(`a caller of a load cannot change ${what} for the others`, async (cache) => {
    const loaded = make()
    const load = await slowLoad(cache, 'key', loaded)
    const joined = cache.getOrSet('key', make)
    await settle(contract)
    load.finish()
    const [first, second] = await Promise.all([load.answer, joined])
    unlessFrozen(() => change(first as never))
    change(loaded as never)
    expect(second, 'seen by a call that has joined').toStrictEqual(make())
    expect(await cache.get('key'), 'seen by a later read').toStrictEqual(make())
  })
}

function readerTests(contract: CacheContract, what: string, { make, change }: Specimen): void {
  const test = cacheTest(contract)

  test(`a reader cannot change ${what} for later readers`, async (cache) => {
    await cache.set('key', make())
    for (const [how, read] of Object.entries(READS)) {
      const hit = await read(cache)
      unlessFrozen(() => change(hit as never))
      expect(await cache.get('key'), `changed after ${how}`).toStrictEqual(make())
    }
    const [first] = [...(await cache.getMany<object>(['key'])).values()]
    unlessFrozen(() => change(first as never))
    for (const [how, read] of Object.entries(READS)) {
      expect(await read(cache), `seen by ${how}`).toStrictEqual(make())
    }
  })
}

function freezeTests(contract: CacheContract): void {
  const test = cacheTest(contract)

  test('a plain value is deeply frozen', async (cache) => {
    await cache.set('key', { list: [{ count: 1 }] })
    const hit = await cache.get<{ list: [{ count: number }] }>('key')
    expect([hit, hit?.list, hit?.list[0]].map((part) => Object.isFrozen(part))).toEqual([
      true,
      true,
      true,
    ])
  })
}

function cloneTests(contract: CacheContract): void {
  const test = cacheTest(contract)

  test('a reader can change its own copy', async (cache) => {
    await cache.set('key', { list: [{ count: 1 }] })
    const hit = await cache.get<{ list: { count: number }[] }>('key')
    hit?.list.push({ count: 2 })
    expect(hit).toEqual({ list: [{ count: 1 }, { count: 2 }] })
    expect(await cache.get('key')).not.toBe(await cache.get('key'))
  })
}

function specimen<T extends object>(make: () => T, change: (value: T) => unknown): Specimen {
  return { make, change }
}

/** Tries a change, which throws with `'freeze'`. */
function unlessFrozen(change: () => unknown): void {
  try {
    change()
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError)
  }
}
