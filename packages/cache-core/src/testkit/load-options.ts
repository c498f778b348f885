import type { GetOrSetOptions } from '../loading/get-or-set-options.js'
import { type CacheContract, cacheTest, promises } from './contract.js'
import { expectGone, expectThere, reasonOf, refuses } from './expectations.js'
import { makeStale } from './stale/make-stale.js'
import { describe, expect } from './test-runner.js'
import { eventually, settle, slowLoad } from './waiting.js'

export function loadOptionTests(contract: CacheContract): void {
  describe('the options of getOrSet', () => {
    ttlTests(contract)
    skipTests(contract)
    signalTests(contract)
    timeoutTests(contract)
    refusalTests(contract)
  })
}

function ttlTests(contract: CacheContract): void {
  const test = cacheTest(contract)

  test('the TTL can be a function of the value', async (cache) => {
    const ttl = (value: string): '100ms' | null | undefined =>
      value === 'short' ? '100ms' : value === 'forever' ? null : undefined
    const values = ['short', 'forever', 'default']
    for (const value of values) await cache.getOrSet(value, () => value, { ttl })
    await contract.advance(150)
    expect([...(await cache.getMany(values)).keys()].toSorted()).toEqual(['default', 'forever'])
  })

  test('a loaded value with a bad TTL from the function is returned and not stored', async (cache) => {
    for (const bad of [0, 'soon', {}] as unknown as readonly number[]) {
      expect(await cache.getOrSet('key', () => 'value', { ttl: () => bad })).toBe('value')
      await expectGone(contract, cache, 'key')
    }
    const failing = (): never => {
      throw new Error('the TTL is unknown')
    }
    expect(await cache.getOrSet('key', () => 'value', { ttl: failing })).toBe('value')
    await expectGone(contract, cache, 'key')
  })

  if (promises(contract, 'getTtl')) {
    test('jitter shortens each TTL by another part, within its limit', async (cache) => {
      const keys = Array.from({ length: 50 }, (_, index) => `key:${index}`)
      for (const key of keys) await cache.getOrSet(key, () => key, { ttl: '1h', jitter: 0.5 })
      const ttls = await Promise.all(keys.map((key) => cache.getTtl(key)))
      const seconds = ttls.map((ttl) => ttl ?? Number.POSITIVE_INFINITY)
      expect(Math.max(...seconds)).toBeLessThanOrEqual(3_600)
      expect(Math.min(...seconds)).toBeGreaterThan(1_800 - 10)
      // All 50 in such a small part of the range have a chance of 1 in 10^50.
      expect(Math.max(...seconds) - Math.min(...seconds)).toBeGreaterThan(180)
    })
  }
}

function skipTests(contract: CacheContract): void {
  const test = cacheTest(contract)

  test('a value is not stored if its loader calls skip', async (cache) => {
    const first = cache.getOrSet('key', async (context) => {
      context.skip()
      await settle(contract)
      return 'skipped'
    })
    const joined = cache.getOrSet('key', () => 'another')
    expect(await Promise.all([first, joined])).toEqual(['skipped', 'skipped'])
    await expectGone(contract, cache, 'key')
    expect(await cache.getOrSet('key', () => 'kept')).toBe('kept')
    await expectThere(contract, cache, 'key', 'kept')
  })

  test('every caller gets undefined from a loader that calls skip and returns undefined', async (cache) => {
    const load = async ({ skip }: { skip: () => void }): Promise<undefined> => {
      skip()
      await settle(contract)
      return undefined
    }
    const calls = [1, 2, 3].map(() => cache.getOrSet('key', load))
    expect(await Promise.all(calls)).toEqual([undefined, undefined, undefined])
    await expectGone(contract, cache, 'key')
    expect(await cache.getOrSet('key', () => 'kept')).toBe('kept')
  })
}

function signalTests(contract: CacheContract): void {
  const test = cacheTest(contract)
  const reason = new Error('the client has gone')

  test('a call with an aborted signal is rejected without a load', async (cache) => {
    let loads = 0
    const call = cache.getOrSet('key', () => ++loads, { signal: AbortSignal.abort(reason) })
    await expect(call).rejects.toBe(reason)
    expect(loads).toBe(0)
  })

  test('a load ends when its last caller aborts, and is not stored', async (cache) => {
    const first = new AbortController()
    const second = new AbortController()
    const load = await slowLoad(cache, 'key', 'unwanted', { signal: first.signal })
    const other = cache.getOrSet('key', () => 'another', { signal: second.signal })
    const endings = Promise.allSettled([load.answer, other])
    await settle(contract)
    first.abort(reason)
    await settle(contract)
    expect(load.signal.aborted).toBe(false)
    second.abort(reason)
    expect(await endings).toEqual([
      { status: 'rejected', reason },
      { status: 'rejected', reason },
    ])
    expect(load.signal.aborted).toBe(true)
    load.finish()
    await settle(contract)
    await expectGone(contract, cache, 'key')
  })

  test('a caller that aborts does not affect the others', async (cache) => {
    const gone = new AbortController()
    const load = await slowLoad(cache, 'key', 'loaded', { signal: gone.signal })
    const stays = cache.getOrSet('key', () => 'another')
    const refusal = reasonOf(load.answer)
    await settle(contract)
    gone.abort(reason)
    expect(await refusal).toBe(reason)
    load.finish()
    expect(await stays).toBe('loaded')
    expect(load.signal.aborted).toBe(false)
    await expectThere(contract, cache, 'key', 'loaded')
  })
}

/** Tests timeouts, which use real time with any clock. */
function timeoutTests(contract: CacheContract): void {
  const test = cacheTest(contract)
  const timeout = { hard: '20ms' } as const

  test('the hard timeout rejects the call, and the load is still stored', async (cache) => {
    const load = await slowLoad(cache, 'key', 'late', { timeout })
    await expect(load.answer).rejects.toMatchObject({ code: 'LOAD_TIMEOUT' })
    expect(load.signal.aborted).toBe(false)
    await expectGone(contract, cache, 'key')
    load.finish()
    await eventually(() => cache.get('key'), 'late')
  })

  test('an overdue load is not joined, and does not replace a later one', async (cache) => {
    const overdue = await slowLoad(cache, 'key', 'overdue', { timeout })
    await expect(overdue.answer).rejects.toMatchObject({ code: 'LOAD_TIMEOUT' })
    await contract.advance(30)
    expect(await cache.getOrSet('key', () => 'later')).toBe('later')
    overdue.finish()
    await settle(contract)
    await expectThere(contract, cache, 'key', 'later')
  })

  test('a caller without a timeout continues to wait', async (cache) => {
    const load = await slowLoad(cache, 'key', 'loaded', { timeout: { hard: '50ms' } })
    const patient = cache.getOrSet('key', () => 'another')
    await expect(load.answer).rejects.toMatchObject({ code: 'LOAD_TIMEOUT' })
    load.finish()
    expect(await patient).toBe('loaded')
  })
}

const BAD_OPTIONS: readonly [options: unknown, code: string][] = [
  [null, 'INVALID_ARGUMENT'],
  ['5m', 'INVALID_ARGUMENT'],
  [[], 'INVALID_ARGUMENT'],
  [{ ttl: 0 }, 'INVALID_TTL'],
  [{ jitter: -0.1 }, 'INVALID_ARGUMENT'],
  [{ jitter: 1.1 }, 'INVALID_ARGUMENT'],
  [{ jitter: Number.NaN }, 'INVALID_ARGUMENT'],
  [{ jitter: '0.5' }, 'INVALID_ARGUMENT'],
  [{ earlyRefresh: -1 }, 'INVALID_ARGUMENT'],
  [{ earlyRefresh: 101 }, 'INVALID_ARGUMENT'],
  [{ signal: {} }, 'INVALID_ARGUMENT'],
  [{ staleWhileRevalidate: null }, 'INVALID_ARGUMENT'],
  [{ staleIfError: null }, 'INVALID_ARGUMENT'],
  [{ staleWhileRevalidate: -1 }, 'INVALID_TTL'],
  [{ staleIfError: -0.001 }, 'INVALID_TTL'],
  [{ staleIfError: 'soon' }, 'INVALID_TTL'],
  [{ timeout: '5s' }, 'INVALID_ARGUMENT'],
  [{ timeout: { soft: -1 } }, 'INVALID_TTL'],
  [{ timeout: { hard: '0ms' } }, 'INVALID_TTL'],
]

function refusalTests(contract: CacheContract): void {
  const test = cacheTest(contract)

  test('bad options are rejected before a load', async (cache) => {
    let loads = 0
    await cache.set('there', 'value')
    for (const [options, code] of BAD_OPTIONS) {
      for (const key of ['absent', 'there']) {
        const call = (): Promise<unknown> =>
          cache.getOrSet<unknown>(key, () => ++loads, options as GetOrSetOptions)
        await refuses(call, code)
      }
    }
    expect(loads).toBe(0)
    expect(await cache.get('there')).toBe('value')
  })

  test('a grace period of 0 is the same as none', async (cache) => {
    const none = { staleWhileRevalidate: 0, staleIfError: '0s' } as const
    await makeStale(contract, cache, 'key')
    expect(await cache.getOrSet('key', () => 'loaded', none)).toBe('loaded')
    expect(await cache.getOrSet('key', () => 'again', none)).toBe('loaded')
  })
}
