import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { contentBytes } from '../src/content-bytes.js'

const shared = { name: 'shared' }
const cycle: unknown[] = []
cycle.push(cycle)
const circular: Record<string, unknown> = { a: 1 }
circular['self'] = circular

describe('the content of', () => {
  test.each<[name: string, value: unknown, bytes: number]>([
    ['an empty text', '', 0],
    ['ASCII', 'abc', 3],
    ['accents', 'é', 2],
    ['the euro sign', '€', 3],
    ['an emoji', '😀', 4],
    ['an emoji of several parts', '👩‍💻', 11],
    ['a number', 12_345.678, 8],
    ['a boolean', false, 8],
    ['null', null, 8],
    ['undefined', undefined, 8],
    ['a bigint', 10n ** 50n, 8],
    ['a symbol', Symbol('a long description'), 8],
    ['a function', () => 'code', 8],
    ['a date', new Date(0), 8],
    ['an empty object', {}, 8],
    ['an object', { a: 1, name: 'Ada' }, 8 + (1 + 8) + (4 + 3)],
    ['a name in UTF-8', { é: 'é' }, 8 + 2 + 2],
    ['an object in another', { a: { b: { c: '' } } }, 8 + 1 + 8 + 1 + 8 + 1],
    ['an own __proto__', JSON.parse('{"__proto__": "a"}'), 8 + 9 + 1],
    ['an object without prototype', Object.assign(Object.create(null), { a: 1 }), 8 + 1 + 8],
    ['an empty list', [], 8],
    ['a list', [1, 'ab', null], 8 + 8 + 2 + 8],
    ['a list with holes', Object.assign([], { length: 3, 1: 'ab' }), 8 + 8 + 2 + 8],
    ['a map', new Map<unknown, unknown>([['key', { a: 1 }]]), 8 + 3 + (8 + 1 + 8)],
    ['a map by objects', new Map([[{ a: '' }, [1]]]), 8 + (8 + 1) + (8 + 8)],
    ['a set', new Set(['a', 1]), 8 + 1 + 8],
    ['a buffer', Buffer.from('abc'), 8 + 3],
    ['an array buffer', new ArrayBuffer(100), 8 + 100],
    ['floats', new Float64Array(5), 8 + 40],
    ['a view of a part', new Uint8Array(new ArrayBuffer(100), 10, 20), 8 + 20],
    ['a view of data', new DataView(new ArrayBuffer(100), 40), 8 + 60],
    ['a URL', new URL('https://example.org/é'), 8 + 'https://example.org/%C3%A9'.length],
    [
      'an instance of a class',
      new (class Point {
        readonly x = 1
      })(),
      8 + 1 + 8,
    ],
    ['the same text twice', ['same', 'same'], 8 + 4 + 4],
    ['the same object twice', [shared, shared, { shared }], 8 + (8 + 4 + 6) + (8 + 6)],
    ['a list within itself', cycle, 8],
    ['an object within itself', circular, 8 + 1 + 8 + 4],
  ])('%s', (_name, value, bytes) => {
    expect(contentBytes(value)).toBe(bytes)
  })
})

test('nesting of any depth is counted', () => {
  let value: unknown[] = []
  for (let level = 1; level < 100_000; level++) value = [value]
  expect(contentBytes(value)).toBe(8 * 100_000)
})

test('plain data counts for its texts, and eight for each other part', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5, stringUnit: 'grapheme' }), (value) => {
      expect(contentBytes(value)).toBe(plainBytes(value))
    }),
    { numRuns: 500 },
  )
})

function plainBytes(value: unknown): number {
  if (typeof value === 'string') return Buffer.from(value).length
  if (value === null || typeof value !== 'object') return 8
  const names = Array.isArray(value) ? [] : Object.keys(value)
  const parts = [...names, ...(Object.values(value) as unknown[])]
  return parts.reduce((sum: number, part) => sum + plainBytes(part), 8)
}
