import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { planStore, toSetOptions } from '../src/implement.js'
import { type SetOptions, type Ttl, ValidationError } from '../src/index.js'

const DEFAULT_MS = 3_600_000
const NEVER = Number.POSITIVE_INFINITY

describe('planStore', () => {
  test.each<[ttl: Ttl | SetOptions | undefined, ttlMs: number, tags: readonly string[]]>([
    [undefined, DEFAULT_MS, []],
    [null, NEVER, []],
    [5, 5_000, []],
    ['1m', 60_000, []],
    [{}, DEFAULT_MS, []],
    [{ ttl: undefined, tags: undefined }, DEFAULT_MS, []],
    [{ ttl: null }, NEVER, []],
    [{ ttl: 0.5 }, 500, []],
    [{ ttl: '1m', tags: [] }, 60_000, []],
    [{ ttl: '1m', tags: ['red', 'green'] }, 60_000, ['red', 'green']],
    [{ tags: ['red'] }, DEFAULT_MS, ['red']],
  ])('returns for %o a TTL of %d ms and the tags %o', (ttl, ttlMs, tags) => {
    expect(planStore(ttl, DEFAULT_MS)).toEqual({ ttlMs, graceMs: 0, loadMs: 0, tags })
  })

  test('accepts a default without expiry', () => {
    expect(planStore(undefined, NEVER).ttlMs).toBe(NEVER)
    expect(planStore({ tags: ['red'] }, NEVER).ttlMs).toBe(NEVER)
  })

  test.each<[bad: unknown, shown: string]>([
    [0, '0'],
    [-1, '-1'],
    [Number.NaN, 'NaN'],
    ['5 m', '"5 m"'],
    ['hunter2', 'a string'],
    [true, 'a boolean'],
    [[], 'an array'],
    [[5], 'an array'],
    [() => 5, 'a function'],
    [Symbol('5s'), 'a symbol'],
    [5n, 'a bigint'],
  ])('rejects %o as a TTL, alone and in options', (bad, shown) => {
    for (const ttl of [bad, { ttl: bad }, { ttl: bad, tags: ['red'] }]) {
      expect(() => planStore(ttl as Ttl, DEFAULT_MS)).toThrow(
        expect.objectContaining({
          name: 'ValidationError',
          code: 'INVALID_TTL',
          message: expect.stringMatching(new RegExp(`^ttl must be seconds .*; received ${shown}`)),
        }),
      )
    }
  })

  test('rejects options as a TTL in options', () => {
    const nested = { ttl: { ttl: 5 } } as unknown as SetOptions
    expect(() => planStore(nested, DEFAULT_MS)).toThrow(
      /^ttl must be seconds .*; received an object$/,
    )
  })

  test.each<[bad: unknown]>([[null], ['red'], [['']], [[5]], [{}], [() => []]])(
    'rejects tags %o',
    (bad) => {
      const options = { ttl: 5, tags: bad } as SetOptions
      expect(() => planStore(options, DEFAULT_MS)).toThrow(ValidationError)
      expect(() => planStore(options, DEFAULT_MS)).toThrow(/^tags must be an array .*; received /)
    },
  )

  test('is not affected by later changes of the tags', () => {
    const tags = ['red']
    const plan = planStore({ tags }, DEFAULT_MS)
    tags.push('')
    expect(plan.tags).toEqual(['red'])
  })
})

describe('toSetOptions', () => {
  test.each<[ttlMs: number, tags: string[], options: Ttl | SetOptions]>([
    [1_500, [], '1500ms'],
    [NEVER, [], null],
    [1_500, ['red'], { ttl: '1500ms', tags: ['red'] }],
    [NEVER, ['red'], { ttl: null, tags: ['red'] }],
  ])('returns for %d ms and the tags %o the options %o', (ttlMs, tags, options) => {
    expect(toSetOptions({ ttlMs, graceMs: 5, loadMs: 5, tags })).toEqual(options)
  })

  test('is the inverse of planStore', () => {
    const ttl = fc.oneof(fc.integer({ min: 1, max: 100 * 365 * 86_400_000 }), fc.constant(NEVER))
    const tags = fc.array(fc.string({ minLength: 1 }), { maxLength: 5 })
    fc.assert(
      fc.property(ttl, tags, (ttlMs, names) => {
        const plan = { ttlMs, graceMs: 0, loadMs: 0, tags: names }
        expect(planStore(toSetOptions(plan), DEFAULT_MS)).toEqual(plan)
      }),
    )
  })
})
