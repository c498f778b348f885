import { ManualClock, SerializationError } from '@verbatim/cache-core'
import { describe, expect, test } from 'vitest'
import { isolatorFor } from '../src/implement.js'
import { InMemoryCache, type Isolation } from '../src/index.js'

class Point {
  readonly x = 1
}

interface Profile {
  name: string
  tags: string[]
  inner: { count: number }
}

const profile = (): Profile => ({ name: 'Ada', tags: ['a'], inner: { count: 1 } })

const cacheWith = (isolation: Isolation): InMemoryCache =>
  new InMemoryCache({ isolation, clock: new ManualClock() })

describe("isolation 'none'", () => {
  test('a hit returns the object that was set', async () => {
    const cache = cacheWith('none')
    const value = { list: [1], act: () => 'even a function' }
    await cache.set('key', value)
    expect(await cache.get('key')).toBe(value)
    expect(Object.isFrozen(value)).toBe(false)
  })

  test("isolation is 'none' by default", async () => {
    const cache = new InMemoryCache()
    const value = profile()
    await cache.set('key', value)
    value.name = 'Grace'
    expect(await cache.get('key')).toBe(value)
  })
})

for (const isolation of ['freeze', 'clone'] as const) {
  describe(`isolation '${isolation}'`, () => {
    test('a change by the writer does not affect later hits', async () => {
      const cache = cacheWith(isolation)
      const value = profile()
      await cache.set('key', value)
      value.name = 'Grace'
      value.tags.push('b')
      value.inner.count = 2
      expect(await cache.get('key')).toStrictEqual(profile())
      expect(Object.isFrozen(value)).toBe(false)
    })

    test('a change by a reader does not affect other readers', async () => {
      const cache = cacheWith(isolation)
      await cache.set('key', profile())
      const hit = (await cache.get<Profile>('key')) as Profile
      for (const change of [
        () => void (hit.name = 'Grace'),
        () => void hit.tags.push('b'),
        () => void (hit.inner.count = 2),
        () => void delete (hit as Partial<Profile>).name,
      ]) {
        expect(throwsTypeError(change)).toBe(isolation === 'freeze')
      }
      expect(await cache.get('key')).toStrictEqual(profile())
      expect((await cache.getMany('key'.split(','))).get('key')).toStrictEqual(profile())
    })

    test('values that cannot be frozen are protected too', async () => {
      const cache = cacheWith(isolation)
      const fresh = () => ({
        date: new Date(0),
        map: new Map([['a', [1]]]),
        set: new Set([1]),
        bytes: new Uint8Array([1]),
        url: new URL('https://example.org/'),
        plain: { a: 1 },
      })
      const value = fresh()
      await cache.set('key', value)
      const change = (one: ReturnType<typeof fresh>): void => {
        one.date.setTime(1)
        one.map.get('a')?.push(2)
        one.map.clear()
        one.set.add(2)
        one.bytes[0] = 2
        one.url.pathname = '/changed'
        one.plain.a = 2
      }
      change(value)
      change((await cache.get<ReturnType<typeof fresh>>('key')) as ReturnType<typeof fresh>)
      expect(await cache.get('key')).toStrictEqual(fresh())
    })

    test('callers of a load receive a protected copy of the loaded object', async () => {
      const cache = cacheWith(isolation)
      const loaded = profile()
      const answer = await cache.getOrSet('key', () => loaded)
      loaded.name = 'Grace'
      expect(answer).toStrictEqual(profile())
      expect(Object.isFrozen(answer)).toBe(isolation === 'freeze')
      expect(await cache.get('key')).toStrictEqual(profile())
    })

    test('shared parts and cycles are preserved', async () => {
      const cache = cacheWith(isolation)
      const shared = { a: 1 }
      const value: Record<string, unknown> = { one: shared, other: shared }
      value['self'] = value
      await cache.set('key', value)
      const hit = (await cache.get<Record<string, unknown>>('key')) ?? {}
      expect(hit['self']).toBe(hit)
      expect(hit['one']).toBe(hit['other'])
    })

    test('a value that cannot be copied is rejected and changes nothing', async () => {
      const cache = cacheWith(isolation)
      await cache.set('key', 'before')
      for (const value of [() => {}, { act: () => {} }, new Point()]) {
        await expect(cache.set('key', value)).rejects.toThrow(SerializationError)
        await expect(cache.set('new', value)).rejects.toMatchObject({ code: 'NOT_CLONEABLE' })
      }
      expect(await cache.get('key')).toBe('before')
      expect(cache.getKeys()).toEqual(['key'])
    })

    test('an immutable value is returned unchanged', async () => {
      const cache = cacheWith(isolation)
      for (const value of ['text', 1, null, false, 1n, Symbol.for('name')]) {
        await cache.set('key', value)
        expect(await cache.get('key')).toBe(value)
      }
    })
  })
}

test("'freeze' returns the same frozen object at every hit, and copies of values that cannot be frozen", async () => {
  const cache = cacheWith('freeze')
  await cache.set('plain', profile())
  const hit = await cache.get<Profile>('plain')
  expect(await cache.get('plain')).toBe(hit)
  expect([hit, hit?.tags, hit?.inner].map(Object.isFrozen)).toEqual([true, true, true])

  await cache.set('dated', { date: new Date(0) })
  const dated = await cache.get('dated')
  expect(await cache.get('dated')).not.toBe(dated)
  expect(Object.isFrozen(dated)).toBe(false)
})

test("'clone' returns another object at every hit", async () => {
  const cache = cacheWith('clone')
  await cache.set('key', profile())
  expect(await cache.get('key')).not.toBe(await cache.get('key'))
})

function throwsTypeError(action: () => void): boolean {
  try {
    action()
    return false
  } catch (error) {
    return error instanceof TypeError
  }
}

test('adopt stores a value without a copy, and hits are as safe as with admit', () => {
  const plain = { list: [1] }
  const dated = { at: new Date(0) }
  const freeze = isolatorFor('freeze')
  expect(freeze.release(freeze.adopt(plain))).toBe(plain)
  expect(Object.isFrozen(plain.list)).toBe(true)
  const clone = isolatorFor('clone')
  for (const isolator of [freeze, clone]) {
    const stored = isolator.adopt(dated)
    expect(isolator.release(stored)).toEqual(dated)
    expect(isolator.release(stored)).not.toBe(dated)
  }
})
