import type { CacheInterface } from '../cache-interface.js'
import { type CacheContract, cacheTest, isManual, promises } from './contract.js'
import { expectGone, expectThere } from './expectations.js'
import { describe, expect } from './test-runner.js'

const HUNDRED_YEARS_MS = 100 * 365 * 86_400_000

export function lifetimeTests(contract: CacheContract): void {
  describe('entries expire after their TTL', () => {
    expiryTests(contract)
    overwriteTests(contract)
    if (promises(contract, 'getTtl')) getTtlTests(contract)
    if (isManual(contract)) exactTests(contract)
  })
}

function expiryTests(contract: CacheContract): void {
  const test = cacheTest(contract)

  test('an entry is absent for every method after its TTL', async (cache) => {
    await cache.set('short', 'value', '100ms')
    await cache.set('long', 'value', '1h')
    expect(await cache.get('short')).toBe('value')
    await contract.advance(150)
    await expectGone(contract, cache, 'short')
    expect(await cache.delete('short')).toBe(false)
    await expectThere(contract, cache, 'long', 'value')
  })

  test('a TTL in seconds can have a fraction', async (cache) => {
    await cache.set('key', 'value', 0.1)
    expect(await cache.get('key')).toBe('value')
    await contract.advance(150)
    expect(await cache.get('key')).toBeUndefined()
  })

  test('a TTL can be passed as an option', async (cache) => {
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

  test('the shortest TTL is one millisecond', async (cache) => {
    await cache.set('key', 'value', '1ms')
    await contract.advance(20)
    await expectGone(contract, cache, 'key')
  })

  test('the longest TTL is a hundred years', async (cache) => {
    await cache.set('key', 'value', '36500d')
    await contract.advance(150)
    await expectThere(contract, cache, 'key', 'value')
  })

  test('an entry with a TTL of null never expires', async (cache) => {
    await cache.set('key', 'value', null)
    await contract.advance(isManual(contract) ? 2 * HUNDRED_YEARS_MS : 150)
    await expectThere(contract, cache, 'key', 'value')
  })

  test('an entry without a TTL has the default TTL', async (cache) => {
    await cache.set('key', 'value')
    await contract.advance(150)
    await expectThere(contract, cache, 'key', 'value')
  })
}

function overwriteTests(contract: CacheContract): void {
  const test = cacheTest(contract)

  test('an overwrite starts a new TTL', async (cache) => {
    await cache.set('key', 'first', '100ms')
    await cache.set('key', 'second', '1h')
    await contract.advance(150)
    await expectThere(contract, cache, 'key', 'second')
  })

  test('an overwrite can shorten the TTL', async (cache) => {
    await cache.set('key', 'first', '1h')
    await cache.set('key', 'second', '100ms')
    await contract.advance(150)
    await expectGone(contract, cache, 'key')
  })

  test('an overwrite can add or remove the TTL', async (cache) => {
    await cache.set('short', 'first', null)
    await cache.set('short', 'second', '100ms')
    await cache.set('long', 'first', '100ms')
    await cache.set('long', 'second', null)
    await contract.advance(150)
    await expectGone(contract, cache, 'short')
    await expectThere(contract, cache, 'long', 'second')
  })

  test('a key that is set after a delete or its TTL has only the new TTL', async (cache) => {
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

  test('getTtl returns the remaining seconds', async (cache) => {
    await cache.set('hour', 'value', '1h')
    await expectSecondsLeft(cache, 'hour', 3_600)
    await cache.set('century', 'value', '36500d')
    await expectSecondsLeft(cache, 'century', HUNDRED_YEARS_MS / 1_000)
  })

  test('getTtl returns null for an entry that never expires', async (cache) => {
    await cache.set('key', 'value', null)
    expect(await cache.getTtl('key')).toBeNull()
  })

  test('getTtl returns a default TTL of at least ten seconds', async (cache) => {
    await cache.set('key', 'value')
    expect((await cache.getTtl('key')) ?? Number.POSITIVE_INFINITY).toBeGreaterThan(5)
  })
}

/** Fails unless the remaining TTL is close to a number of seconds, because a real clock does not stop. */
async function expectSecondsLeft(
  cache: CacheInterface,
  key: string,
  seconds: number,
): Promise<void> {
  const left = await cache.getTtl(key)
  expect(left).toBeGreaterThan(seconds - 10)
  expect(left).toBeLessThanOrEqual(seconds)
}

/** Tests exact expiry, which needs a clock that stands still. */
function exactTests(contract: CacheContract): void {
  const test = cacheTest(contract)

  for (const [ttl, milliseconds] of [
    ['1ms', 1],
    ['100ms', 100],
    ['36500d', HUNDRED_YEARS_MS],
  ] as const) {
    test(`an entry is present until the end of ${ttl} and absent after it`, async (cache) => {
      await cache.set('key', 'value', ttl)
      await contract.advance(milliseconds)
      await expectThere(contract, cache, 'key', 'value')
      await contract.advance(1)
      await expectGone(contract, cache, 'key')
    })
  }

  if (promises(contract, 'getTtl')) {
    test('getTtl counts down to zero for each key separately', async (cache) => {
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
