import type { CacheInterface } from '../cache-interface.js'
import { type CacheContract, cacheTest, isManual, promises } from './contract.js'
import { expectGone, expectThere } from './presence.js'
import { describe, expect } from './test-runner.js'

const HUNDRED_YEARS_MS = 100 * 365 * 86_400_000

export function lifetimeTests(contract: CacheContract): void {
  describe('entries live as long as they were told to', () => {
    expiryTests(contract)
    overwriteTests(contract)
    if (promises(contract, 'getTtl')) getTtlTests(contract)
    if (isManual(contract)) exactTests(contract)
  })
}

function expiryTests(contract: CacheContract): void {
  const test = cacheTest(contract)

  test('an entry is gone after its life, in every way of asking', async (cache) => {
    await cache.set('short', 'value', '100ms')
    await cache.set('long', 'value', '1h')
    expect(await cache.get('short')).toBe('value')
    await contract.advance(150)
    await expectGone(contract, cache, 'short')
    expect(await cache.delete('short')).toBe(false)
    await expectThere(contract, cache, 'long', 'value')
  })

  test('a life in seconds keeps its fraction', async (cache) => {
    await cache.set('key', 'value', 0.1)
    expect(await cache.get('key')).toBe('value')
    await contract.advance(150)
    expect(await cache.get('key')).toBeUndefined()
  })

  test('a life can be told as an option', async (cache) => {
    await cache.set('short', 'value', { ttl: '100ms' })
    await cache.setMany([['also short', 'value']], { ttl: 0.1 })
    await cache.set('long', 'value', { ttl: '1h' })
    await cache.set('for ever', 'value', { ttl: null })
    await cache.set('default', 'value', {})
    await contract.advance(150)
    const keys = ['short', 'also short', 'long', 'for ever', 'default']
    expect([...(await cache.getMany(keys)).keys()].toSorted()).toEqual([
      'default',
      'for ever',
      'long',
    ])
  })

  test('the shortest life is one millisecond', async (cache) => {
    await cache.set('key', 'value', '1ms')
    await contract.advance(20)
    await expectGone(contract, cache, 'key')
  })

  test('the longest life is a hundred years', async (cache) => {
    await cache.set('key', 'value', '36500d')
    await contract.advance(150)
    await expectThere(contract, cache, 'key', 'value')
  })

  test('null never expires', async (cache) => {
    await cache.set('key', 'value', null)
    await contract.advance(isManual(contract) ? 2 * HUNDRED_YEARS_MS : 150)
    await expectThere(contract, cache, 'key', 'value')
  })

  test('the default life is used when none is given', async (cache) => {
    await cache.set('key', 'value')
    await contract.advance(150)
    await expectThere(contract, cache, 'key', 'value')
  })
}

function overwriteTests(contract: CacheContract): void {
  const test = cacheTest(contract)

  test('writing again starts a new life', async (cache) => {
    await cache.set('key', 'first', '100ms')
    await cache.set('key', 'second', '1h')
    await contract.advance(150)
    await expectThere(contract, cache, 'key', 'second')
  })

  test('writing again may shorten a life', async (cache) => {
    await cache.set('key', 'first', '1h')
    await cache.set('key', 'second', '100ms')
    await contract.advance(150)
    await expectGone(contract, cache, 'key')
  })

  test('what never expired can be given a life, and the other way round', async (cache) => {
    await cache.set('short', 'first', null)
    await cache.set('short', 'second', '100ms')
    await cache.set('long', 'first', '100ms')
    await cache.set('long', 'second', null)
    await contract.advance(150)
    await expectGone(contract, cache, 'short')
    await expectThere(contract, cache, 'long', 'second')
  })

  test('a key set again after its delete or its end has its new life only', async (cache) => {
    const again = (key: string): Promise<void> => cache.set(key, 'second', '1h')
    await cache.set('deleted', 'first', '100ms')
    await cache.delete('deleted')
    await again('deleted')
    await cache.set('expired', 'first', '20ms')
    await contract.advance(40)
    await again('expired')
    await contract.advance(120)
    await expectThere(contract, cache, 'deleted', 'second')
    await expectThere(contract, cache, 'expired', 'second')
  })
}

function getTtlTests(contract: CacheContract): void {
  const test = cacheTest(contract)

  test('getTtl tells the seconds left', async (cache) => {
    await cache.set('hour', 'value', '1h')
    await expectSecondsLeft(cache, 'hour', 3_600)
    await cache.set('century', 'value', '36500d')
    await expectSecondsLeft(cache, 'century', HUNDRED_YEARS_MS / 1_000)
  })

  test('getTtl tells null of what never expires', async (cache) => {
    await cache.set('key', 'value', null)
    expect(await cache.getTtl('key')).toBeNull()
  })

  test('getTtl tells a default life of at least ten seconds', async (cache) => {
    await cache.set('key', 'value')
    expect((await cache.getTtl('key')) ?? Number.POSITIVE_INFINITY).toBeGreaterThan(5)
  })
}

/** Fails unless about so many seconds are left: real clocks go on between the calls. */
async function expectSecondsLeft(
  cache: CacheInterface,
  key: string,
  seconds: number,
): Promise<void> {
  const left = await cache.getTtl(key)
  expect(left).toBeGreaterThan(seconds - 10)
  expect(left).toBeLessThanOrEqual(seconds)
}

/** Only a clock that stands still shows the very end of a life. */
function exactTests(contract: CacheContract): void {
  const test = cacheTest(contract)

  for (const [life, milliseconds] of [
    ['1ms', 1],
    ['100ms', 100],
    ['36500d', HUNDRED_YEARS_MS],
  ] as const) {
    test(`an entry lives to the very end of ${life}, and no longer`, async (cache) => {
      await cache.set('key', 'value', life)
      await contract.advance(milliseconds)
      await expectThere(contract, cache, 'key', 'value')
      await contract.advance(1)
      await expectGone(contract, cache, 'key')
    })
  }

  if (promises(contract, 'getTtl')) {
    test('getTtl counts down to nothing, and is for each key its own', async (cache) => {
      await cache.set('first', 'value', '90s')
      await contract.advance(30_000)
      await cache.set('second', 'value', '90s')
      expect(await cache.getTtl('first')).toBeCloseTo(60, 3)
      expect(await cache.getTtl('second')).toBeCloseTo(90, 3)
      await contract.advance(60_000)
      expect(await cache.getTtl('first')).toBeCloseTo(0, 3)
    })
  }
}
