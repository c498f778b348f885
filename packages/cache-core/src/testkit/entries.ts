import type { LookupOutcome } from '../cache-entry.js'
import type { CacheInterface } from '../cache-interface.js'
import type { GetOrSetOptions } from '../loading/get-or-set-options.js'
import type { SetOptions } from '../set-options.js'
import { type CacheContract, cacheTest, promises } from './contract.js'
import { expectGone, expectThere, refuses, unreachable } from './expectations.js'
import { IF_ERROR, makeStale } from './stale/make-stale.js'
import { describe, expect } from './test-runner.js'
import { settle, slowLoad } from './waiting.js'

/** Tests of entries, and of the options that they share with `getOrSet`. */
export function entryTests(contract: CacheContract): void {
  describe('entries', () => {
    getEntryTests(contract)
    getOrSetEntryTests(contract)
    acceptTests(contract)
    lookupTests(contract)
    refreshTests(contract)
    memoryTtlTests(contract)
    refusalTests(contract)
    if (promises(contract, 'stale')) staleEntryTests(contract)
  })
}

function getEntryTests(contract: CacheContract): void {
  const test = cacheTest(contract)

  test('getEntry returns the value, a tier as its source, and that it is fresh', async (cache) => {
    for (const value of ['value', null, 0, false, '']) {
      await cache.set<unknown>('key', value)
      const entry = await cache.getEntry('key')
      expect(entry).toMatchObject({ value, isStale: false })
      expect(['memory', 'redis']).toContain(entry?.source)
    }
  })

  test('getEntry returns undefined for an absent key and for an expired one', async (cache) => {
    expect(await cache.getEntry('key')).toBeUndefined()
    await cache.set('key', 'value', '20ms')
    await contract.advance(50)
    expect(await cache.getEntry('key')).toBeUndefined()
  })

  if (!promises(contract, 'stale')) return

  test('getEntry returns the seconds that are left, and null for an entry that never expires', async (cache) => {
    await cache.set('key', 'value', '1h')
    const { ttl } = (await cache.getEntry('key')) ?? unreachable('the key has a value')
    expect(ttl).toBeGreaterThan(3_590)
    expect(ttl).toBeLessThanOrEqual(3_600)
    await cache.set('key', 'value', null)
    expect(await cache.getEntry('key')).toMatchObject({ ttl: null })
  })
}

function getOrSetEntryTests(contract: CacheContract): void {
  const test = cacheTest(contract)

  test('getOrSetEntry names the loader as the source once, then a tier', async (cache) => {
    const load = (): string => 'value'
    const loaded = await cache.getOrSetEntry('key', load)
    expect(loaded).toEqual({ value: 'value', source: 'loader', ttl: undefined, isStale: false })
    const cached = await cache.getOrSetEntry('key', load)
    expect(cached).toMatchObject({ value: 'value', isStale: false })
    expect(['memory', 'redis']).toContain(cached.source)
  })

  test('getOrSetEntry names the loader as the source to callers that joined a load', async (cache) => {
    const load = await slowLoad(cache, 'key', 'value')
    const joined = cache.getOrSetEntry('key', () => 'another')
    await settle(contract)
    load.finish()
    expect(await joined).toMatchObject({ value: 'value', source: 'loader' })
  })

  test('getOrSetEntry rejects with the error of its loader, and stores nothing', async (cache) => {
    const failure = new Error('the source is down')
    await expect(cache.getOrSetEntry('key', () => Promise.reject(failure))).rejects.toBe(failure)
    await expectGone(contract, cache, 'key')
  })
}

function acceptTests(contract: CacheContract): void {
  const test = cacheTest(contract)
  const isNew = (value: unknown): boolean => value === 'new'

  test('getEntry returns only a value that accept permits, and leaves another where it is', async (cache) => {
    await cache.set('key', 'old')
    expect(await cache.getEntry('key', { accept: isNew })).toBeUndefined()
    await expectThere(contract, cache, 'key', 'old')
    await cache.set('key', 'new')
    expect(await cache.getEntry('key', { accept: isNew })).toMatchObject({ value: 'new' })
  })

  for (const [method, call] of Object.entries(LOADS)) {
    test(`${method} replaces a value that accept does not permit`, async (cache) => {
      await cache.set('key', 'old')
      expect(await call(cache, () => 'new', { accept: isNew })).toBe('new')
      await expectThere(contract, cache, 'key', 'new')
      expect(await call(cache, () => 'newer', { accept: isNew })).toBe('new')
    })
  }
}

/** Both methods that load, as one call that returns the value. */
const LOADS: Readonly<
  Record<
    string,
    (
      cache: CacheInterface,
      loader: () => string,
      options: GetOrSetOptions<string>,
    ) => Promise<string>
  >
> = {
  getOrSet: (cache, loader, options) => cache.getOrSet('key', loader, options),
  getOrSetEntry: async (cache, loader, options) =>
    (await cache.getOrSetEntry('key', loader, options)).value,
}

function lookupTests(contract: CacheContract): void {
  const test = cacheTest(contract)

  test('onLookup of getEntry is called once with the outcome', async (cache) => {
    const outcomes: LookupOutcome[] = []
    const onLookup = (outcome: LookupOutcome): void => void outcomes.push(outcome)
    await cache.getEntry('key', { onLookup })
    await cache.set('key', 'value')
    await cache.getEntry('key', { onLookup })
    await cache.getEntry('key', { onLookup, accept: () => false })
    expect(outcomes).toEqual(['miss', 'hit', 'miss'])
  })

  for (const [method, call] of Object.entries(LOADS)) {
    test(`onLookup of ${method} is called once with the outcome, before a load starts`, async (cache) => {
      const calls: string[] = []
      const onLookup = (outcome: LookupOutcome): void => void calls.push(outcome)
      const load = (): string => {
        calls.push('load')
        return 'value'
      }
      for (let read = 0; read < 2; read++) await call(cache, load, { onLookup })
      expect(calls).toEqual(['miss', 'load', 'hit'])
    })

    test(`onLookup of ${method} tells a call that joined a load`, async (cache) => {
      const outcomes: LookupOutcome[] = []
      const onLookup = (outcome: LookupOutcome): void => void outcomes.push(outcome)
      const load = await slowLoad(cache, 'key', 'value')
      const joined = call(cache, () => 'another', { onLookup })
      await settle(contract)
      expect(outcomes).toEqual(['joined'])
      load.finish()
      expect(await joined).toBe('value')
    })
  }

  test('an onLookup that throws changes nothing', async (cache) => {
    const onLookup = (): never => {
      throw new Error('the observer is broken')
    }
    expect(await cache.getEntry('key', { onLookup })).toBeUndefined()
    expect(await cache.getOrSet('key', () => 'value', { onLookup })).toBe('value')
    expect(await cache.getEntry('key', { onLookup })).toMatchObject({ value: 'value' })
  })
}

function refreshTests(contract: CacheContract): void {
  const test = cacheTest(contract)

  for (const [method, call] of Object.entries(LOADS)) {
    test(`${method} with refresh loads although a value is cached, and replaces it`, async (cache) => {
      await cache.set('key', 'old')
      expect(await call(cache, () => 'new', { refresh: true })).toBe('new')
      await expectThere(contract, cache, 'key', 'new')
    })

    test(`${method} with refresh rejects when the load fails, and the cached value stays`, async (cache) => {
      await cache.set('key', 'old')
      const fail = (): never => {
        throw new Error('the load failed')
      }
      const failed = call(cache, fail, { refresh: true, staleIfError: '1m' })
      await expect(failed).rejects.toThrow('the load failed')
      await expectThere(contract, cache, 'key', 'old')
    })

    test(`${method} with noStore returns the loaded value and does not store it`, async (cache) => {
      expect(await call(cache, () => 'value', { noStore: true })).toBe('value')
      await expectGone(contract, cache, 'key')
    })
  }

  test('a caller without noStore that joins the load of a caller with noStore stores it', async (cache) => {
    const load = await slowLoad(cache, 'key', 'value', { noStore: true })
    const joined = cache.getOrSet('key', () => 'another')
    await settle(contract)
    load.finish()
    expect(await joined).toBe('value')
    await expectThere(contract, cache, 'key', 'value')
  })

  test('a value is not stored if its loader calls skip with an error', async (cache) => {
    const load = ({ skip }: { skip: (error: unknown) => void }): string => {
      skip(new Error('this value cannot be stored'))
      return 'value'
    }
    expect(await cache.getOrSet('key', load)).toBe('value')
    await expectGone(contract, cache, 'key')
  })
}

function memoryTtlTests(contract: CacheContract): void {
  const test = cacheTest(contract)

  test('memoryTtl never shortens the TTL of an entry', async (cache) => {
    for (const memoryTtl of [0, '1ms', null] as const) {
      await cache.set('set', 'value', { ttl: '1h', memoryTtl })
      await cache.setMany([['setMany', 'value']], { memoryTtl })
      await cache.getOrSet('getOrSet', () => 'value', { ttl: '1h', memoryTtl })
      await contract.advance(10)
      for (const key of ['set', 'setMany', 'getOrSet']) {
        expect(await cache.getEntry(key, { memoryTtl }), key).toMatchObject({ value: 'value' })
        await expectThere(contract, cache, key, 'value')
        await cache.delete(key)
      }
    }
  })
}

function staleEntryTests(contract: CacheContract): void {
  const test = cacheTest(contract)

  test('getEntry returns a stale value for as long after its TTL as maxStale says', async (cache) => {
    await makeStale(contract, cache, 'key')
    expect(await cache.getEntry('key')).toBeUndefined()
    expect(await cache.getEntry('key', { maxStale: 0 })).toBeUndefined()
    expect(await cache.getEntry('key', { maxStale: '1ms' })).toBeUndefined()
    const outcomes: LookupOutcome[] = []
    const entry = await cache.getEntry('key', {
      maxStale: '1h',
      onLookup: (outcome) => void outcomes.push(outcome),
    })
    expect(entry).toMatchObject({ value: 'stale', isStale: true })
    expect(entry?.ttl).toBeLessThan(0)
    expect(outcomes).toEqual(['miss'])
  })

  test('getOrSetEntry says that a value is stale, and in which tier it was', async (cache) => {
    await makeStale(contract, cache, 'key')
    const failing = (): Promise<string> => Promise.reject(new Error('the source is down'))
    const entry = await cache.getOrSetEntry('key', failing, IF_ERROR)
    expect(entry).toMatchObject({ value: 'stale', isStale: true })
    expect(entry.source).not.toBe('loader')
  })
}

const BAD_GET_OPTIONS: readonly [options: object, code: string][] = [
  [{ acept: () => true }, 'INVALID_ARGUMENT'],
  [{ accept: true }, 'INVALID_ARGUMENT'],
  [{ onLookup: 'hit' }, 'INVALID_ARGUMENT'],
  [{ maxStale: null }, 'INVALID_ARGUMENT'],
  [{ maxStale: -1 }, 'INVALID_TTL'],
  [{ memoryTtl: -1 }, 'INVALID_TTL'],
]

const BAD_LOAD_OPTIONS: readonly [options: object, code: string][] = [
  [{ accept: true }, 'INVALID_ARGUMENT'],
  [{ onLookup: 'hit' }, 'INVALID_ARGUMENT'],
  [{ refresh: 'yes' }, 'INVALID_ARGUMENT'],
  [{ noStore: 1 }, 'INVALID_ARGUMENT'],
  [{ memoryTtl: 'soon' }, 'INVALID_TTL'],
]

function refusalTests(contract: CacheContract): void {
  const test = cacheTest(contract)

  test('bad options of entries are rejected, and nothing is loaded or stored', async (cache) => {
    const load = (): string => unreachable('the options are wrong')
    for (const [options, code] of BAD_GET_OPTIONS) {
      await refuses(() => cache.getEntry('key', options), code)
    }
    for (const [options, code] of BAD_LOAD_OPTIONS) {
      await refuses(() => cache.getOrSet('key', load, options), code)
      await refuses(() => cache.getOrSetEntry('key', load, options), code)
    }
    const bad: unknown = { memoryTtl: -1 }
    await refuses(() => cache.set('key', 'value', bad as SetOptions), 'INVALID_TTL')
    await refuses(() => cache.getEntry(''), 'INVALID_KEY')
    await refuses(() => cache.getOrSetEntry('', () => 'value'), 'INVALID_KEY')
    await expectGone(contract, cache, 'key')
  })
}
