import type { CacheInterface } from '../../cache-interface.js'
import type { GetOrSetOptions } from '../../loading/get-or-set-options.js'
import { type CacheContract, cacheTest, isManual } from '../contract.js'
import { expectThere, reasonOf } from '../expectations.js'
import { expect } from '../test-runner.js'
import { elapse, eventually, settle, slowLoad } from '../waiting.js'
import { IF_ERROR, makeStale, WHILE_REVALIDATING } from './make-stale.js'

export function failureTests(contract: CacheContract): void {
  failedLoadTests(contract)
  slowLoadTests(contract)
  if (isManual(contract)) backOffTests(contract)
}

const failing = (): Promise<string> => Promise.reject(new Error('the source is down'))

function failedLoadTests(contract: CacheContract): void {
  const test = cacheTest(contract)

  test('a stale value is served with staleIfError when the load fails', async (cache) => {
    await makeStale(contract, cache, 'key')
    const failure = new Error('the source is down')
    const load = await slowLoad(cache, 'key', 'new', IF_ERROR)
    load.fail(failure)
    expect(await load.answer).toBe('stale')
  })

  test('the loaded value replaces a stale one with staleIfError', async (cache) => {
    await makeStale(contract, cache, 'key')
    expect(await cache.getOrSet('key', () => 'new', IF_ERROR)).toBe('new')
    await expectThere(contract, cache, 'key', 'new')
  })

  test('a stale value is served when its refresh fails, without an effect on callers', async (cache) => {
    await makeStale(contract, cache, 'key')
    expect(await cache.getOrSet('key', failing, WHILE_REVALIDATING)).toBe('stale')
    await settle(contract)
    expect(await cache.getOrSet('key', failing, WHILE_REVALIDATING)).toBe('stale')
  })

  test('a stale value is not served if it was deleted during the failed load', async (cache) => {
    await makeStale(contract, cache, 'key')
    const failure = new Error('the source is down')
    const load = await slowLoad(cache, 'key', 'new', IF_ERROR)
    await cache.delete('key')
    const refusal = reasonOf(load.answer)
    load.fail(failure)
    expect(await refusal).toBe(failure)
  })

  test('a stale value is not served to a caller that has aborted', async (cache) => {
    await makeStale(contract, cache, 'key')
    const gone = new AbortController()
    const reason = new Error('the client has gone')
    const load = await slowLoad(cache, 'key', 'new', { ...IF_ERROR, signal: gone.signal })
    const refusal = reasonOf(load.answer)
    gone.abort(reason)
    expect(await refusal).toBe(reason)
    load.finish()
  })
}

function slowLoadTests(contract: CacheContract): void {
  const test = cacheTest(contract)

  for (const kind of ['soft', 'hard'] as const) {
    test(`a stale value is served after the ${kind} timeout, and the load is still stored`, async (cache) => {
      await makeStale(contract, cache, 'key')
      const options: GetOrSetOptions = { ...IF_ERROR, timeout: { [kind]: '20ms' } }
      const load = await slowLoad(cache, 'key', 'new', options)
      expect(await load.answer).toBe('stale')
      load.finish()
      await eventually(() => cache.get('key'), 'new')
    })
  }

  test('a stale value is not served after a timeout if it was deleted during the load', async (cache) => {
    await makeStale(contract, cache, 'key')
    const timeout = { soft: '20ms' } as const
    const load = await slowLoad(cache, 'key', 'new', { ...IF_ERROR, timeout })
    await cache.delete('key')
    await elapse(40)
    load.finish()
    expect(await load.answer).toBe('new')
    expect(await cache.get('key')).toBeUndefined()
  })
}

/** Tests the pauses after failed loads: one second, doubled after each failure, up to a minute. */
function backOffTests(contract: CacheContract): void {
  const test = cacheTest(contract)
  const options = { ttl: '50ms', staleIfError: '1h' } as const

  /** Returns whether a call loads from the source, which is down. */
  const callsSource = async (cache: CacheInterface): Promise<boolean> => {
    let isCalled = false
    const load = (): Promise<string> => {
      isCalled = true
      return failing()
    }
    expect(await cache.getOrSet('key', load, options)).toBe('stale')
    return isCalled
  }

  test('failed loads pause, for longer after each failure', async (cache) => {
    await makeStale(contract, cache, 'key')
    for (const seconds of [1, 2, 4, 8, 16, 32, 60, 60]) {
      expect(await callsSource(cache), `before the pause of ${seconds} s`).toBe(true)
      await contract.advance(seconds * 1_000 - 1)
      expect(await callsSource(cache), `within the pause of ${seconds} s`).toBe(false)
      await contract.advance(1)
    }
  })

  test('failed loads pause for one second again after a success', async (cache) => {
    await makeStale(contract, cache, 'key')
    expect(await callsSource(cache)).toBe(true)
    await contract.advance(1_000)
    expect(await callsSource(cache)).toBe(true)
    await contract.advance(2_000)
    expect(await cache.getOrSet('key', () => 'stale', options)).toBe('stale')
    await contract.advance(100)
    expect(await callsSource(cache)).toBe(true)
    await contract.advance(1_000)
    expect(await callsSource(cache)).toBe(true)
  })

  test('failed loads pause for their own key only', async (cache) => {
    await makeStale(contract, cache, 'key')
    await makeStale(contract, cache, 'another')
    expect(await callsSource(cache)).toBe(true)
    expect(await cache.getOrSet('another', () => 'new', options)).toBe('new')
  })
}
