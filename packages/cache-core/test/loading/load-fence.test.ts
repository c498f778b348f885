import { describe, expect, test } from 'vitest'
import { withFakeTimers } from './fake-timers.js'
import { RecordingCache } from './recording-cache.js'
import { follow, Source } from './source.js'

const FAILURE = new Error('the source is down')

withFakeTimers()

describe('a key that is deleted during its load', () => {
  test('is returned to the waiting callers and not stored', async () => {
    const cache = new RecordingCache()
    const source = new Source()
    const waiting = follow(cache.getOrSet('key', source.load))
    cache.delete('key')
    const newcomer = follow(cache.getOrSet('key', source.load))
    await source.answer('before', 0)
    expect(waiting().value).toBe('before')
    expect(cache.fills).toEqual([])
    expect(newcomer().state).toBe('pending')
    await source.answer('after', 1)
    expect(newcomer().value).toBe('after')
    expect(cache.fills.map(({ value }) => value)).toEqual(['after'])
  })

  test('is not stored by a refresh in the background', async () => {
    const cache = staleCache()
    const source = new Source()
    await cache.getOrSet('key', source.load, { staleWhileRevalidate: '1h' })
    cache.delete('key')
    await source.answer('new')
    expect(cache.fills).toEqual([])
  })

  test('is not served stale after its failed load', async () => {
    const cache = staleCache()
    const source = new Source()
    const call = follow(cache.getOrSet('key', source.load, { staleIfError: '1h' }))
    cache.delete('key')
    await source.fail(FAILURE)
    expect(call().reason).toBe(FAILURE)
    expect(cache.served).toEqual([])
  })

  test('is not served stale after the soft timeout of its load', async () => {
    const cache = staleCache()
    const source = new Source()
    const timeout = { soft: '20ms' } as const
    const call = follow(cache.getOrSet('key', source.load, { staleIfError: '1h', timeout }))
    cache.delete('key')
    await cache.pass(1_000)
    expect(call().state).toBe('pending')
    await source.answer('before')
    expect(call().value).toBe('before')
    expect(cache.served).toEqual([])
  })

  test('is waited for until the hard timeout, counted from the start', async () => {
    const cache = staleCache()
    const source = new Source()
    const timeout = { soft: '20ms', hard: '50ms' } as const
    const call = follow(cache.getOrSet('key', source.load, { staleIfError: '1h', timeout }))
    cache.delete('key')
    await cache.pass(49)
    expect(call().state).toBe('pending')
    await cache.pass(1)
    expect(call().reason).toMatchObject({ code: 'LOAD_TIMEOUT', context: { timeoutMs: 50 } })
    await source.answer('before')
    expect(cache.fills).toEqual([])
  })

  test('times out at once when the hard timeout has passed', async () => {
    const cache = staleCache()
    const source = new Source()
    const timeout = { soft: '50ms', hard: '20ms' } as const
    const call = follow(cache.getOrSet('key', source.load, { staleIfError: '1h', timeout }))
    cache.delete('key')
    // A timer of 0 ms takes 1 ms in Node.
    await cache.pass(21)
    expect(call().reason).toMatchObject({ code: 'LOAD_TIMEOUT', context: { timeoutMs: 20 } })
  })

  test('is not stored after a stale value was served at the soft timeout', async () => {
    const cache = staleCache()
    const source = new Source()
    const timeout = { soft: '20ms' } as const
    const call = follow(cache.getOrSet('key', source.load, { staleIfError: '1h', timeout }))
    await cache.pass(20)
    expect(call().value).toBe('old')
    cache.delete('key')
    await source.answer('before')
    expect(cache.fills).toEqual([])
  })

  test('is not stored after all callers have reached the hard timeout', async () => {
    const cache = new RecordingCache()
    const source = new Source()
    const call = follow(cache.getOrSet('key', source.load, { timeout: { hard: '50ms' } }))
    await cache.pass(51)
    expect(call().state).toBe('failed')
    cache.delete('key')
    await source.answer('before')
    expect(cache.fills).toEqual([])
  })

  test('is not stored when its own loader deletes it', async () => {
    const cache = new RecordingCache()
    const call = cache.getOrSet('key', () => {
      cache.delete('key')
      return 'before'
    })
    expect(await call).toBe('before')
    expect(cache.fills).toEqual([])
  })

  test('is stored when another key was deleted', async () => {
    const cache = new RecordingCache()
    const source = new Source()
    const call = follow(cache.getOrSet('key', source.load))
    cache.delete('other')
    await source.answer('loaded')
    expect(call().value).toBe('loaded')
    expect(cache.lookup('key')?.value).toBe('loaded')
  })
})

describe('tags that are invalidated during a load', () => {
  test('fence the loads with one of the tags, and no others', async () => {
    const cache = new RecordingCache()
    const source = new Source()
    const tagsOf = { a: ['red', 'green'], b: ['green', 'blue'], c: ['yellow'], d: undefined }
    for (const [key, tags] of Object.entries(tagsOf)) {
      follow(cache.getOrSet(key, source.load, { tags }))
    }
    cache.reads.flights.fenceTags(['blue', 'red'])
    for (const index of [0, 1, 2, 3]) await source.answer('loaded', index)
    expect(cache.fills.map(({ key }) => key)).toEqual(['c', 'd'])
  })

  test('fence an overdue load too', async () => {
    const cache = new RecordingCache()
    const source = new Source()
    const options = { tags: ['red'], timeout: { hard: '50ms' } } as const
    follow(cache.getOrSet('key', source.load, options))
    await cache.pass(51)
    follow(cache.getOrSet('key', source.load))
    cache.reads.flights.fenceTags(['red'])
    await source.answer('overdue', 0)
    expect(cache.fills).toEqual([])
    await source.answer('new', 1)
    expect(cache.fills.map(({ value }) => value)).toEqual(['new'])
  })
})

test('fenceAll fences all loads in flight', async () => {
  const cache = staleCache()
  const source = new Source()
  follow(cache.getOrSet('key', source.load, { timeout: { hard: '50ms' } }))
  await cache.pass(51)
  follow(cache.getOrSet('key', source.load))
  follow(cache.getOrSet('other', source.load))
  cache.reads.flights.fenceAll()
  for (const index of [0, 1, 2]) await source.answer('loaded', index)
  expect(cache.fills).toEqual([])
})

function staleCache(): RecordingCache {
  const cache = new RecordingCache()
  cache.retain('key', 'old', { freshMs: -1 })
  return cache
}
