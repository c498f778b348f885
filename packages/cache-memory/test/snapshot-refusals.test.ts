import { SerializationError, ValidationError } from '@verbatim/cache-core'
import { describe, expect, test } from 'vitest'
import type { InMemoryCacheSnapshot } from '../src/index.js'
import { cacheWithClock } from './cache-with-clock.js'

const GOOD_ENTRY = { key: 'good', value: 1, leftMs: 1_000 }
// Taken at the start of a manual clock, so that all TTLs are complete.
const GOOD = { format: 1, takenAt: Date.UTC(2026, 0, 1), entries: [GOOD_ENTRY] }

const withEntry = (change: object): object => ({
  ...GOOD,
  entries: [GOOD_ENTRY, { ...GOOD_ENTRY, key: 'bad', ...change }],
})

describe('restore rejects a whole snapshot', () => {
  test.each<[name: string, snapshot: unknown, message: string]>([
    ['undefined', undefined, 'snapshot.format must be 1; received undefined'],
    ['null', null, 'snapshot.format must be 1; received undefined'],
    ['text', JSON.stringify(GOOD), 'snapshot.format must be 1; received undefined'],
    ['a list', [GOOD], 'snapshot.format must be 1; received undefined'],
    ['another format', { ...GOOD, format: 2 }, 'snapshot.format must be 1; received 2'],
    ['a format as text', { ...GOOD, format: '1' }, 'snapshot.format must be 1; received a string'],
    [
      'no date',
      { ...GOOD, takenAt: undefined },
      'snapshot.takenAt must be a number; received undefined',
    ],
    [
      'a date as text',
      { ...GOOD, takenAt: '1' },
      'snapshot.takenAt must be a number; received a string',
    ],
    [
      'no such date',
      { ...GOOD, takenAt: Number.NaN },
      'snapshot.takenAt must be a number; received NaN',
    ],
    ['no entries', { ...GOOD, entries: null }, 'snapshot.entries must be an array; received null'],
    [
      'a map',
      { ...GOOD, entries: new Map() },
      'snapshot.entries must be an array; received an object',
    ],
    [
      'a TTL as text',
      withEntry({ leftMs: '5' }),
      'snapshot.entries[1].leftMs must be a number, or null; received a string',
    ],
    [
      'no TTL',
      withEntry({ leftMs: undefined }),
      'snapshot.entries[1].leftMs must be a number, or null; received undefined',
    ],
    [
      'an infinite TTL as a number',
      withEntry({ leftMs: Number.POSITIVE_INFINITY }),
      'snapshot.entries[1].leftMs must be a number, or null; received Infinity',
    ],
    [
      'a negative grace period',
      withEntry({ graceMs: -1 }),
      'snapshot.entries[1].graceMs must be a number from 0; received -1',
    ],
    [
      'a grace period of NaN',
      withEntry({ graceMs: Number.NaN }),
      'snapshot.entries[1].graceMs must be a number from 0; received NaN',
    ],
    [
      'an infinite grace period',
      withEntry({ graceMs: Number.POSITIVE_INFINITY }),
      'snapshot.entries[1].graceMs must be a number from 0; received Infinity',
    ],
    [
      'a grace period of null',
      withEntry({ graceMs: null }),
      'snapshot.entries[1].graceMs must be a number from 0; received null',
    ],
  ])('%s', (_name, snapshot, message) => {
    expect(refusalOf(snapshot)).toMatchObject({ message, code: 'INVALID_SNAPSHOT' })
  })

  test.each<[name: string, snapshot: unknown, code: string, message: string]>([
    [
      'an entry that is null',
      { ...GOOD, entries: [null] },
      'INVALID_KEY',
      'entries[0]: key must be',
    ],
    ['a hole', { ...GOOD, entries: Array(2) }, 'INVALID_KEY', 'entries[0]: key must be'],
    ['an empty key', withEntry({ key: '' }), 'INVALID_KEY', 'entries[1]: key must be'],
    ['a number as key', withEntry({ key: 5 }), 'INVALID_KEY', 'entries[1]: key must be'],
    ['no value', withEntry({ value: undefined }), 'INVALID_VALUE', 'entries[1]: value must be'],
    ['tags as text', withEntry({ tags: 'a' }), 'INVALID_TAGS', 'entries[1]: tags must be'],
    ['tags of null', withEntry({ tags: null }), 'INVALID_TAGS', 'entries[1]: tags must be'],
    ['an empty tag', withEntry({ tags: ['a', ''] }), 'INVALID_TAGS', 'entries[1]: tags must be'],
  ])('with %s', (_name, snapshot, code, message) => {
    const refusal = refusalOf(snapshot)
    expect(refusal.code).toBe(code)
    expect(refusal.message).toContain(`snapshot.${message}`)
    expect(refusal.context['place']).toMatch(/^entries\[[01]\]$/)
  })

  test('for a value that cannot be copied', () => {
    const { cache } = cacheWithClock({ isolation: 'clone' })
    const snapshot = withEntry({ value: () => {} }) as InMemoryCacheSnapshot
    expect(() => cache.restore(snapshot)).toThrow(SerializationError)
    expect(cache.getKeys()).toEqual([])
  })

  test('for a bad result of sizeOf', () => {
    const { cache } = cacheWithClock({
      maxBytes: 100,
      sizeOf: (_value, key) => (key === 'bad' ? -1 : 1),
    })
    const snapshot = withEntry({}) as InMemoryCacheSnapshot
    expect(() => cache.restore(snapshot)).toThrow(
      'the result of sizeOf must be a number of bytes from 0; received -1',
    )
    expect(cache.getKeys()).toEqual([])
  })
})

test('restore ignores unknown fields of a snapshot', () => {
  const { cache } = cacheWithClock()
  const snapshot = withEntry({ note: 'from 2030' }) as InMemoryCacheSnapshot
  expect(cache.restore(Object.assign(snapshot, { note: [] }))).toBe(2)
})

test('restore stores the more recently used value of a key that occurs twice', async () => {
  const { cache } = cacheWithClock()
  cache.restore(withEntry({ key: 'good', value: 2 }) as InMemoryCacheSnapshot)
  expect([...cache]).toEqual([['good', 2]])
})

/** Returns the error of restoring a snapshot. Nothing is restored then. */
function refusalOf(snapshot: unknown): ValidationError {
  const { cache } = cacheWithClock()
  let refusal: unknown
  try {
    cache.restore(snapshot as InMemoryCacheSnapshot)
  } catch (error) {
    refusal = error
  }
  expect(refusal).toBeInstanceOf(ValidationError)
  expect(cache.getKeys()).toEqual([])
  return refusal as ValidationError
}
