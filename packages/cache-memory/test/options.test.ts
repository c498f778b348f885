import { ConfigurationError, ValidationError } from '@verbatim/cache-core'
import { describe, expect, test } from 'vitest'
import { InMemoryCache } from '../src/index.js'
import { resolveOptions } from '../src/options.js'
import { fill } from './cache-with-clock.js'

describe('the constructor', () => {
  test('has defaults of a thousand entries, an hour and 64 MiB', () => {
    expect(new InMemoryCache().getStats()).toMatchObject({
      maxSize: 1_000,
      maxBytes: 64 * 2 ** 20,
      bytes: 0,
      defaultTtl: 3_600,
    })
  })

  test('treats undefined like a missing option', () => {
    const undefinedOptions = {
      maxSize: undefined,
      maxBytes: undefined,
      maxEntryBytes: undefined,
      sizeOf: undefined,
      isolation: undefined,
      clock: undefined,
      defaultTtl: undefined,
      performanceMonitor: undefined,
    }
    expect(new InMemoryCache(undefinedOptions).getStats()).toEqual(new InMemoryCache().getStats())
  })

  test('accepts a maxSize of 1', async () => {
    const cache = new InMemoryCache({ maxSize: 1 })
    await fill(cache, 'ab')
    expect(cache.getKeys()).toEqual(['b'])
  })
})

const LARGEST: Readonly<Record<string, number>> = {
  maxSize: 2 ** 24,
  maxBytes: Number.MAX_SAFE_INTEGER,
  maxEntryBytes: Number.MAX_SAFE_INTEGER,
}

describe.each(Object.entries(LARGEST))('%s', (name, largest) => {
  // Checks the options without a cache, which would take 450 MB for the maximum.
  test.each([1, largest])('accepts %d', (value) => {
    const unlimited = { maxBytes: Number.POSITIVE_INFINITY }
    expect(resolveOptions({ ...unlimited, [name]: value })).toMatchObject({ [name]: value })
  })

  test.each<[value: unknown, shown: string]>([
    [0, '0'],
    [-1, '-1'],
    [1.5, '1.5'],
    [Number.NaN, 'NaN'],
    [Number.NEGATIVE_INFINITY, '-Infinity'],
    [largest + 1, String(largest + 1)],
    ['5', 'a string'],
    [null, 'null'],
    [5n, 'a bigint'],
  ])('rejects %s', (value, shown) => {
    const create = (): InMemoryCache => new InMemoryCache({ [name]: value })
    expect(create).toThrow(ConfigurationError)
    expect(create).toThrow(
      `${name} must be an integer from 1 to ${String(largest)}; received ${shown}`,
    )
  })
})

test.each<[value: unknown, shown: string]>([
  [0, '0'],
  [-1, '-1'],
  [1.5, '1.5'],
  [Number.NaN, 'NaN'],
  ['5', 'a string'],
  [null, 'null'],
  [{}, 'an object'],
])('the constructor rejects %s as sizeOf', (sizeOf, shown) => {
  const create = (): InMemoryCache => new InMemoryCache({ sizeOf } as object)
  expect(create).toThrow(ConfigurationError)
  expect(create).toThrow(
    `sizeOf must be a function of value and key that returns bytes; received ${shown}`,
  )
})

test.each<[value: unknown, shown: string]>([
  ['copy', 'a string'],
  [true, 'a boolean'],
  [null, 'null'],
])('the constructor rejects %s as isolation', (isolation, shown) => {
  const create = (): InMemoryCache => new InMemoryCache({ isolation } as object)
  expect(create).toThrow(ConfigurationError)
  expect(create).toThrow(`isolation must be one of 'none', 'freeze', 'clone'; received ${shown}`)
})

test.each<[value: unknown, shown: string]>([
  [0, '0'],
  [-5, '-5'],
  ['1 hour', '"1 hour"'],
  [Number.NaN, 'NaN'],
])('the constructor rejects %s as defaultTtl', (defaultTtl, shown) => {
  const create = (): InMemoryCache => new InMemoryCache({ defaultTtl } as object)
  expect(create).toThrow(ValidationError)
  expect(create).toThrow(
    new RegExp(`^defaultTtl must be seconds as a number, .*; received ${shown}$`),
  )
})
