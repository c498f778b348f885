import { describe, expect, test } from 'vitest'
import { emptyLookup, type Flight, type LookupResult, planLoad } from '../../src/implement.js'
import { HoldingCache } from './holding-cache.js'
import { follow, Source, turn } from './source.js'

const PLAN = planLoad<string>(undefined)

describe('a key that other processes change', () => {
  test('is stored over the state that was seen before the load', async () => {
    const cache = new HoldingCache()
    const source = new Source()
    const call = follow(cache.reads.read('key', source.load, PLAN, emptyLookup<string>('state 1')))
    await source.answer('loaded')
    expect(call().value).toBe('loaded')
    expect(cache.fills).toMatchObject([
      { key: 'key', value: 'loaded', expectedRevision: 'state 1' },
    ])
  })

  test('is loaded once for those who saw it in the same state', async () => {
    const cache = new HoldingCache()
    const source = new Source()
    const calls = [1, 2].map(() =>
      follow(cache.reads.read('key', source.load, PLAN, emptyLookup<string>('state 1'))),
    )
    await source.answer('loaded')
    expect(calls.map((call) => call().value)).toEqual(['loaded', 'loaded'])
    expect(source.loads).toHaveLength(1)
  })

  test('is loaded anew for who saw it changed, and both loads may try to be stored', async () => {
    const cache = new HoldingCache()
    const source = new Source()
    const before = follow(
      cache.reads.read('key', source.load, PLAN, emptyLookup<string>('state 1')),
    )
    const after = follow(cache.reads.read('key', source.load, PLAN, emptyLookup<string>('state 2')))
    expect(source.loads).toHaveLength(2)
    await source.answer('old', 0)
    expect(before().value).toBe('old')
    expect(after().state).toBe('pending')
    await source.answer('new', 1)
    expect(after().value).toBe('new')
    expect(cache.fills.map(({ expectedRevision }) => expectedRevision)).toEqual([
      'state 1',
      'state 2',
    ])
  })

  test('is one load for who cannot see its state', async () => {
    const cache = new HoldingCache()
    const source = new Source()
    const calls = [emptyLookup<string>('state 1'), undefined].map((held) =>
      follow(cache.reads.read('key', source.load, PLAN, held)),
    )
    await source.answer('loaded')
    expect(calls.map((call) => call().value)).toEqual(['loaded', 'loaded'])
  })

  test('is not joined by who saw its state when the load did not', async () => {
    const cache = new HoldingCache()
    const source = new Source()
    follow(cache.reads.read('key', source.load, PLAN, undefined))
    follow(cache.reads.read('key', source.load, PLAN, emptyLookup<string>('state 1')))
    expect(source.loads).toHaveLength(2)
  })

  test('has its stale value refreshed anew when that has changed', async () => {
    const cache = new HoldingCache()
    const source = new Source()
    const plan = planLoad<string>({ staleWhileRevalidate: '1h' })
    const stale = (revision: string): LookupResult<string> => ({
      ...{ value: 'stale', freshMs: -1, loadMs: 0, revision },
    })
    await cache.reads.read('key', source.load, plan, stale('state 1'))
    await cache.reads.read('key', source.load, plan, stale('state 1'))
    expect(source.loads).toHaveLength(1)
    await cache.reads.read('key', source.load, plan, stale('state 2'))
    expect(source.loads).toHaveLength(2)
  })
})

describe('before a load', () => {
  test('what another process has stored meanwhile is served, and nothing loaded', async () => {
    const cache = new HoldingCache()
    const source = new Source()
    cache.turn = async () => ({ value: 'theirs', freshMs: 1, loadMs: 0 })
    const call = follow(cache.reads.read('key', source.load, PLAN, emptyLookup<string>('state 1')))
    await turn()
    expect(call().value).toBe('theirs')
    expect(source.loads).toHaveLength(0)
    expect(cache.fills).toEqual([])
  })

  test('the state may be brought up to date', async () => {
    const cache = new HoldingCache()
    const source = new Source()
    cache.turn = async (flight: Flight) => {
      flight.expectedRevision = 'state 2'
      return emptyLookup<string>('state 2')
    }
    follow(cache.reads.read('key', source.load, PLAN, emptyLookup<string>('state 1')))
    await turn()
    await source.answer('loaded')
    expect(cache.fills).toMatchObject([{ expectedRevision: 'state 2' }])
  })

  test('a failure of the waiting is a failure of the load', async () => {
    const cache = new HoldingCache()
    const source = new Source()
    const failure = new Error('no turn')
    cache.turn = () => Promise.reject(failure)
    const call = follow(cache.reads.read('key', source.load, PLAN, emptyLookup<string>('state 1')))
    await turn()
    expect(call().reason).toBe(failure)
  })
})
