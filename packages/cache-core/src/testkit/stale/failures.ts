import type { CacheInterface } from '../../cache-interface.js'
import type { GetOrSetOptions } from '../../loading/get-or-set-options.js'
import { type CacheContract, cacheTest, isManual } from '../contract.js'
import { expectThere } from '../presence.js'
import { reasonOf } from '../refusal.js'
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

  test('are served with staleIfError when the load fails', async (cache) => {
    await makeStale(contract, cache, 'key')
    const failure = new Error('the source is down')
    const load = await slowLoad(cache, 'key', 'new', IF_ERROR)
    load.fail(failure)
    expect(await load.answer).toBe('stale')
  })

  test('give way with staleIfError to what the load answers', async (cache) => {
    await makeStale(contract, cache, 'key')
    expect(await cache.getOrSet('key', () => 'new', IF_ERROR)).toBe('new')
    await expectThere(contract, cache, 'key', 'new')
  })

  test('are served on when they cannot be loaded anew, and nobody is disturbed', async (cache) => {
    await makeStale(contract, cache, 'key')
    expect(await cache.getOrSet('key', failing, WHILE_REVALIDATING)).toBe('stale')
    await settle(contract)
    expect(await cache.getOrSet('key', failing, WHILE_REVALIDATING)).toBe('stale')
  })

  test('are not served when they were deleted during the load that failed', async (cache) => {
    await makeStale(contract, cache, 'key')
    const failure = new Error('the source is down')
    const load = await slowLoad(cache, 'key', 'new', IF_ERROR)
    await cache.delete('key')
    const refusal = reasonOf(load.answer)
    load.fail(failure)
    expect(await refusal).toBe(failure)
  })

  test('are not served to who has gone', async (cache) => {
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
    test(`are served after the ${kind} timeout, and the load is stored all the same`, async (cache) => {
      await makeStale(contract, cache, 'key')
      const options: GetOrSetOptions = { ...IF_ERROR, timeout: { [kind]: '20ms' } }
      const load = await slowLoad(cache, 'key', 'new', options)
      expect(await load.answer).toBe('stale')
      load.finish()
      await eventually(() => cache.get('key'), 'new')
    })
  }

  test('are not served after a timeout when they were deleted meanwhile', async (cache) => {
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

/** A source in trouble rests for a second, and twice as long after each failure, up to a minute. */
function backOffTests(contract: CacheContract): void {
  const test = cacheTest(contract)
  const options = { ttl: '50ms', staleIfError: '1h' } as const

  /** Whether a call asks the source, which is down. */
  const asks = async (cache: CacheInterface): Promise<boolean> => {
    let asked = false
    const load = (): Promise<string> => {
      asked = true
      return failing()
    }
    expect(await cache.getOrSet('key', load, options)).toBe('stale')
    return asked
  }

  test('spare their source after a failure, for longer after each', async (cache) => {
    await makeStale(contract, cache, 'key')
    for (const seconds of [1, 2, 4, 8, 16, 32, 60, 60]) {
      expect(await asks(cache), `before the pause of ${seconds} s`).toBe(true)
      await contract.advance(seconds * 1_000 - 1)
      expect(await asks(cache), `within the pause of ${seconds} s`).toBe(false)
      await contract.advance(1)
    }
  })

  test('spare their source for a second again once it has answered', async (cache) => {
    await makeStale(contract, cache, 'key')
    expect(await asks(cache)).toBe(true)
    await contract.advance(1_000)
    expect(await asks(cache)).toBe(true)
    await contract.advance(2_000)
    expect(await cache.getOrSet('key', () => 'stale', options)).toBe('stale')
    await contract.advance(100)
    expect(await asks(cache)).toBe(true)
    await contract.advance(1_000)
    expect(await asks(cache)).toBe(true)
  })

  test('spare their source for their own key only', async (cache) => {
    await makeStale(contract, cache, 'key')
    await makeStale(contract, cache, 'another')
    expect(await asks(cache)).toBe(true)
    expect(await cache.getOrSet('another', () => 'new', options)).toBe('new')
  })
}
