import { describe, expect, test } from 'vitest'
import { emptyLookup, type Flight, type LookupResult, planLoad } from '../../src/implement.js'
import { RecordingCache } from './recording-cache.js'
import { follow, Source, turn } from './source.js'

const PLAN = planLoad<string>(undefined)

describe('a key that other processes change', () => {
  test('is stored with the revision from before the load', async () => {
    const cache = new RecordingCache()
    const source = new Source()
    const call = follow(cache.reads.read('key', source.load, PLAN, emptyLookup<string>('state 1')))
    await source.answer('loaded')
    expect(call().value).toBe('loaded')
    expect(cache.fills).toMatchObject([
      { key: 'key', value: 'loaded', expectedRevision: 'state 1' },
    ])
  })

  test('is loaded once for callers with the same revision', async () => {
    const cache = new RecordingCache()
    const source = new Source()
    const calls = [1, 2].map(() =>
      follow(cache.reads.read('key', source.load, PLAN, emptyLookup<string>('state 1'))),
    )
    await source.answer('loaded')
    expect(calls.map((call) => call().value)).toEqual(['loaded', 'loaded'])
    expect(source.loads).toHaveLength(1)
  })

  test('is loaded again for a caller with another revision, and both loads may be stored', async () => {
    const cache = new RecordingCache()
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

  test('is loaded once for callers without a revision', async () => {
    const cache = new RecordingCache()
    const source = new Source()
    const calls = [emptyLookup<string>('state 1'), undefined].map((held) =>
      follow(cache.reads.read('key', source.load, PLAN, held)),
    )
    await source.answer('loaded')
    expect(calls.map((call) => call().value)).toEqual(['loaded', 'loaded'])
  })

  test('is not joined by a caller with a revision if the load has none', async () => {
    const cache = new RecordingCache()
    const source = new Source()
    follow(cache.reads.read('key', source.load, PLAN, undefined))
    follow(cache.reads.read('key', source.load, PLAN, emptyLookup<string>('state 1')))
    expect(source.loads).toHaveLength(2)
  })

  test('is refreshed again when its stale value has changed', async () => {
    const cache = new RecordingCache()
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
  test('a value that another process has stored is served without a load', async () => {
    const cache = new RecordingCache()
    const source = new Source()
    cache.turn = async () => ({ value: 'theirs', freshMs: 1, loadMs: 0 })
    const call = follow(cache.reads.read('key', source.load, PLAN, emptyLookup<string>('state 1')))
    await turn()
    expect(call().value).toBe('theirs')
    expect(source.loads).toHaveLength(0)
    expect(cache.fills).toEqual([])
  })

  test('beforeLoad can update the expected revision', async () => {
    const cache = new RecordingCache()
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

  test('a failure of beforeLoad is a failure of the load', async () => {
    const cache = new RecordingCache()
    const source = new Source()
    const failure = new Error('no turn')
    cache.turn = () => Promise.reject(failure)
    const call = follow(cache.reads.read('key', source.load, PLAN, emptyLookup<string>('state 1')))
    await turn()
    expect(call().reason).toBe(failure)
  })
})
