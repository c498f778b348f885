import { describe, expect, test, vi } from 'vitest'
import { CacheError } from '../../src/index.js'
import { withFakeTimers } from './fake-timers.js'
import { RecordingCache } from './recording-cache.js'
import { follow, Source, turn } from './source.js'

const FAILURE = new Error('the source is down')
const HARD = { timeout: { hard: '50ms' } } as const

withFakeTimers()

describe('a load that takes longer than timeout.hard', () => {
  test('rejects the call, continues and is stored', async () => {
    const cache = new RecordingCache()
    const source = new Source()
    const call = follow(cache.getOrSet('key', source.load, HARD))
    await cache.pass(49)
    expect(call().state).toBe('pending')
    await cache.pass(1)
    expect(call().reason).toBeInstanceOf(CacheError)
    expect(call().reason).toMatchObject({
      code: 'LOAD_TIMEOUT',
      message: 'the load took longer than timeout.hard, 50 ms',
      context: { timeoutMs: 50 },
    })
    expect(source.nth(0).context.signal.aborted).toBe(false)
    await source.answer('late')
    expect(await cache.getOrSet('key', source.load)).toBe('late')
  })

  test('is reported when it fails later', async () => {
    const cache = new RecordingCache()
    const source = new Source()
    const call = follow(cache.getOrSet('key', source.load, HARD))
    await cache.pass(50)
    expect(call().state).toBe('failed')
    await source.fail(FAILURE)
    expect(cache.failures).toEqual([{ key: 'key', error: FAILURE }])
  })

  test('is still awaited by callers without a timeout', async () => {
    const cache = new RecordingCache()
    const source = new Source()
    const first = follow(cache.getOrSet('key', source.load, HARD))
    const patient = follow(cache.getOrSet('key', source.load))
    await cache.pass(50)
    expect([first().state, patient().state]).toEqual(['failed', 'pending'])
    await source.answer('late')
    expect(patient().value).toBe('late')
    expect(source.loads).toHaveLength(1)
  })

  test('gives later callers the same time', async () => {
    const cache = new RecordingCache()
    const source = new Source()
    const first = follow(cache.getOrSet('key', source.load, HARD))
    await cache.pass(40)
    const second = follow(cache.getOrSet('key', source.load, HARD))
    await cache.pass(49)
    expect([first().state, second().state]).toEqual(['failed', 'pending'])
    await cache.pass(1)
    expect(second().state).toBe('failed')
    expect(source.loads).toHaveLength(1)
  })

  test('is not joined after the timeout', async () => {
    const cache = new RecordingCache()
    const source = new Source()
    const calls = [follow(cache.getOrSet('key', source.load, HARD))]
    await cache.pass(51)
    calls.push(follow(cache.getOrSet('key', source.load, HARD)))
    calls.push(follow(cache.getOrSet('key', source.load, HARD)))
    expect(source.loads).toHaveLength(2)
    await source.answer('new', 1)
    expect(calls.map((call) => call().value)).toEqual([undefined, 'new', 'new'])
  })

  test('is not joined by a retry, even if the clock is slightly behind the timer', async () => {
    const cache = new RecordingCache()
    const source = new Source()
    const call = follow(cache.getOrSet('key', source.load, HARD))
    cache.clock.advance(49.3)
    await vi.advanceTimersByTimeAsync(50)
    expect(call().state).toBe('failed')
    const retry = follow(cache.getOrSet('key', source.load, HARD))
    expect(source.loads).toHaveLength(2)
    await source.answer('new')
    expect(retry().value).toBe('new')
  })

  test('is not joined after the timeout of a joined caller, even if its first caller has a longer one', async () => {
    const cache = new RecordingCache()
    const source = new Source()
    const patient = follow(cache.getOrSet('key', source.load))
    const impatient = follow(cache.getOrSet('key', source.load, HARD))
    await cache.pass(50)
    expect([patient().state, impatient().state]).toEqual(['pending', 'failed'])
    const newcomer = follow(cache.getOrSet('key', source.load))
    expect(source.loads).toHaveLength(2)
    await source.answer('new', 1)
    await source.answer('old', 0)
    expect([patient().value, newcomer().value]).toEqual(['old', 'new'])
    expect(cache.lookup('key')?.value).toBe('new')
  })

  test('in the background is joined until its timeout and not later', async () => {
    const cache = new RecordingCache()
    cache.retain('key', 'old', { freshMs: -1 })
    const source = new Source()
    await cache.getOrSet('key', source.load, { ...HARD, staleWhileRevalidate: '1h' })
    await cache.pass(50)
    const joined = follow(cache.getOrSet('key', source.load))
    expect(source.loads).toHaveLength(1)
    await cache.pass(0.5)
    const newcomer = follow(cache.getOrSet('key', source.load))
    expect(source.loads).toHaveLength(2)
    await source.answer('new', 1)
    await source.answer('old', 0)
    expect([joined().value, newcomer().value]).toEqual(['old', 'new'])
  })
})

describe('two loads of one key, the older one overdue:', () => {
  test('the older one is not stored when it ends last', async () => {
    const { cache, source } = await twoLoads()
    await source.answer('new', 1)
    await source.answer('old', 0)
    expect(cache.fills.map(({ value }) => value)).toEqual(['new'])
    expect(await cache.getOrSet('key', source.load)).toBe('new')
  })

  test('the older one is not stored while the newer one is being stored', async () => {
    const { cache, source } = await twoLoads()
    let stored = (): void => {}
    cache.stored = () =>
      new Promise((resolve) => {
        stored = resolve
      })
    await source.answer('new', 1)
    await source.answer('old', 0)
    stored()
    await turn()
    expect(cache.fills.map(({ value }) => value)).toEqual(['new'])
  })

  test('the older one is stored when it ends first, until the newer one is', async () => {
    const { cache, source } = await twoLoads()
    await source.answer('old', 0)
    expect(cache.lookup('key')?.value).toBe('old')
    await source.answer('new', 1)
    expect(cache.lookup('key')?.value).toBe('new')
  })

  test('the older one is stored when the newer one fails', async () => {
    const { cache, source } = await twoLoads()
    await source.fail(FAILURE, 1)
    await source.answer('old', 0)
    expect(cache.lookup('key')?.value).toBe('old')
  })

  test('the older one is stored when the newer one is skipped', async () => {
    const { cache, source } = await twoLoads()
    source.nth(1).context.skip()
    await source.answer('new', 1)
    await source.answer('old', 0)
    expect(cache.lookup('key')?.value).toBe('old')
  })

  test('the older one is not affected by other keys', async () => {
    const { cache, source } = await twoLoads()
    const other = cache.getOrSet('other', source.load)
    await source.answer('of other', 2)
    expect(await other).toBe('of other')
    await source.answer('old', 0)
    expect(cache.lookup('key')?.value).toBe('old')
  })

  test('neither is stored after a delete', async () => {
    const { cache, source } = await twoLoads()
    cache.delete('key')
    await source.answer('old', 0)
    await source.answer('new', 1)
    expect(cache.fills).toEqual([])
  })

  /** Starts a load whose caller times out, and then a load with a waiting caller. */
  async function twoLoads(): Promise<{ cache: RecordingCache; source: Source }> {
    const cache = new RecordingCache()
    const source = new Source()
    const first = follow(cache.getOrSet('key', source.load, HARD))
    await cache.pass(51)
    expect(first().state).toBe('failed')
    follow(cache.getOrSet('key', source.load))
    expect(source.loads).toHaveLength(2)
    return { cache, source }
  }
})

test('each of three loads is fenced by later ones only', async () => {
  const cache = new RecordingCache()
  const source = new Source()
  for (let count = 0; count < 3; count++) {
    follow(cache.getOrSet('key', source.load, HARD))
    await cache.pass(51)
  }
  await source.answer('second', 1)
  await source.answer('first', 0)
  expect(cache.lookup('key')?.value).toBe('second')
  await source.answer('third', 2)
  expect(cache.lookup('key')?.value).toBe('third')
})
