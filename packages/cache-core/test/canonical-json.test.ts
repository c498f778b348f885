import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalJson, ValidationError } from '../src/index.js'

class Point {
  readonly x = 1
}

const SHARED = { a: 1 }

const PLAIN_DATA =
  'plain data (text, finite numbers, booleans, null, arrays, objects, dates, bigints, maps, sets, URLs, bytes)'

describe('canonicalJson', () => {
  test.each<[name: string, value: unknown, text: string]>([
    ['null', null, 'null'],
    ['a boolean', true, 'true'],
    ['a number', 1.5, '1.5'],
    ['the largest exact integer', Number.MAX_SAFE_INTEGER, '9007199254740991'],
    ['minus zero is zero', -0, '0'],
    ['text', 'naïve "café"\n', '"naïve \\"café\\"\\n"'],
    ['text that looks like a number', '1', '"1"'],
    ['half a surrogate pair', '\ud800', '"\\ud800"'],
    ['the other half', '\udc01', '"\\udc01"'],
    ['names are sorted', { b: 1, a: { d: 1, c: 2 } }, '{"a":{"c":2,"d":1},"b":1}'],
    ['names that look like numbers', { 9: 1, 10: 2, b: 3 }, '{"10":2,"9":1,"b":3}'],
    [
      'names by UTF-16 unit',
      { '\uffff': 1, '😀': 2, Z: 3, a: 4 },
      '{"Z":3,"a":4,"😀":2,"\uffff":1}',
    ],
    ['an empty name', { '': 1 }, '{"":1}'],
    ['lists keep their order', [3, 1, [2]], '[3,1,[2]]'],
    ['undefined properties are left out', { a: undefined, b: 1 }, '{"b":1}'],
    ['null properties are not', { a: null }, '{"a":null}'],
    ['an object without prototype', Object.assign(Object.create(null), { a: 1 }), '{"a":1}'],
    ['an own __proto__', JSON.parse('{"__proto__":{"a":1}}'), '{"__proto__":{"a":1}}'],
    ['a bigint', 12_345_678_901_234_567_890n, '{"$bigint":"12345678901234567890"}'],
    ['a date', new Date(86_400_000), '{"$date":86400000}'],
    ['a URL', new URL('https://example.org/a?b#c'), '{"$url":"https://example.org/a?b#c"}'],
    ['bytes', new Uint8Array([0, 255]), '{"$bytes":[0,255]}'],
    ['a Buffer is bytes', Buffer.from([0, 255]), '{"$bytes":[0,255]}'],
    [
      'many bytes',
      new Uint8Array(65),
      '{"$bytes":{"length":65,"sha256":"98ce42deef51d40269d542f5314bef2c7468d401ad5d85168bfab4c0108f75f7"}}',
    ],
    [
      'a map',
      new Map<unknown, unknown>([
        ['b', 1],
        ['a', 2],
      ]),
      '{"$map":[["a",2],["b",1]]}',
    ],
    ['a set', new Set(['b', 'a', 1]), '{"$set":["a","b",1]}'],
    ['a name that looks like a tag', { $date: 5 }, '{"$$date":5}'],
    ['a name that looks like an escaped tag', { $$date: 5 }, '{"$$$date":5}'],
    ['a dollar inside a name', { a$b: 5 }, '{"a$b":5}'],
    ['a part that is used twice', [SHARED, SHARED], '[{"a":1},{"a":1}]'],
  ])('%s', (_name, value, text) => {
    expect(canonicalJson(value)).toBe(text)
  })

  test.each<[name: string, value: unknown, problem: string]>([
    ['NaN', Number.NaN, 'options is NaN'],
    ['infinity', [1, Number.NEGATIVE_INFINITY], 'options[1] is -Infinity'],
    [
      'an integer that is not exact',
      { seed: 2 ** 53 },
      'options["seed"] is an integer beyond 2^53, where several numbers have the same text',
    ],
    [
      'a large number',
      [1e21],
      'options[0] is an integer beyond 2^53, where several numbers have the same text',
    ],
    ['undefined', undefined, 'options is undefined'],
    ['undefined in a list', { list: [1, undefined] }, 'options["list"][1] is undefined'],
    ['a hole in a list', Array(1), 'options is an array with a hole at 0'],
    ['undefined in a map', new Map([['a', undefined]]), 'options[0][1] is undefined'],
    ['undefined in a set', new Set([undefined]), 'options[0] is undefined'],
    ['a function', { a: { 'b c': () => {} } }, 'options["a"]["b c"] is a function'],
    ['a symbol', [Symbol('s')], 'options[0] is a symbol'],
    ['an invalid date', new Date(Number.NaN), 'options is an invalid date'],
    ['a regular expression', /a/, 'options is an instance of RegExp'],
    ['an error', new Error('secret'), 'options is an instance of Error'],
    ['a boxed primitive', Object('text'), 'options is an instance of String'],
    ['an instance of a class', new Point(), 'options is an instance of Point'],
    [
      'an instance of nothing known',
      Object.create(Object.create(null)),
      'options is an instance of a class',
    ],
    ['an array buffer', new ArrayBuffer(1), 'options is an instance of ArrayBuffer'],
    ['a list of floats', new Float32Array(1), 'options is an instance of Float32Array'],
    ['a promise', Promise.resolve(1), 'options is an instance of Promise'],
    [
      'an object that holds itself',
      cyclicObject(),
      'options["inner"]["self"] is a reference to its own container',
    ],
    ['a map that holds itself', cyclicMap(), 'options[0][1] is a reference to its own container'],
  ])('rejects %s with its path', (_name, value, problem) => {
    const [path, received] = problem.split(' is ')
    expect(() => canonicalJson(value, 'options')).toThrow(ValidationError)
    expect(() => canonicalJson(value, 'options')).toThrow(
      expect.objectContaining({
        code: 'NOT_CANONICAL',
        message: `${path} must be ${PLAIN_DATA}; received ${received}`,
        context: { argument: path, path, received },
      }),
    )
  })

  test.each<[name: string, twice: (inner: unknown) => unknown]>([
    ['a list', (inner) => [inner, inner]],
    ['an object', (inner) => ({ a: inner, b: inner })],
    ['a list at two depths', (inner) => [inner, [[inner]]]],
  ])(
    'rejects %s that contains one object twice on each of 40 levels, in a short time',
    (_name, twice) => {
      let value: unknown = 'leaf'
      for (let level = 0; level < 40; level++) value = twice(value)
      expect(() => canonicalJson(value)).toThrow(
        expect.objectContaining({
          code: 'NOT_CANONICAL',
          message: expect.stringMatching(
            / must be plain data .*; received more than fits into a string$/,
          ),
        }),
      )
    },
  )

  test('writes 512 levels and rejects 513', () => {
    expect(canonicalJson(nested(512))).toBe('['.repeat(512) + ']'.repeat(512))
    expect(() => canonicalJson(nested(513))).toThrow('received more than 512 levels')
    expect(() => canonicalJson(nested(100_000))).toThrow(ValidationError)
  })

  test('the order of names does not change the text at any depth', () => {
    fc.assert(
      fc.property(VALUE, fc.infiniteStream(fc.nat()), (value, numbers) => {
        const reordered = shuffled(value, () => numbers.next().value)
        expect(canonicalJson(reordered)).toBe(canonicalJson(value))
      }),
      { numRuns: 1_000 },
    )
  })

  test('the text can be parsed back, so different values have different texts', () => {
    fc.assert(
      fc.property(VALUE, (value) => {
        const text = canonicalJson(value)
        expect(isDeepStrictEqual(readBack(JSON.parse(text)), value)).toBe(true)
      }),
      { numRuns: 2_000 },
    )
  })

  test('two JSON values have the same text if and only if they are equal', () => {
    const json = fc
      .jsonValue({ maxDepth: 2 })
      .filter(hasExactNumbers)
      .map((value) => JSON.parse(JSON.stringify(value)))
    fc.assert(
      fc.property(json, json, (one, other) => {
        expect(canonicalJson(one) === canonicalJson(other)).toBe(isDeepStrictEqual(one, other))
      }),
      { numRuns: 2_000 },
    )
  })

  test('no plain object has the text of a tag', () => {
    const tagged = [
      1n,
      new Date(1),
      new Map([[1, 2]]),
      new Set([1]),
      new URL('a:b'),
      new Uint8Array(1),
    ]
    for (const value of tagged) {
      const text = canonicalJson(value)
      let imitation: unknown = JSON.parse(text)
      for (let attempt = 0; attempt < 3; attempt++) {
        const imitated = canonicalJson(imitation)
        expect(imitated).not.toBe(text)
        imitation = JSON.parse(imitated)
      }
    }
  })

  test('input with __proto__ does not change a prototype', () => {
    canonicalJson(JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":1}}'))
    expect('polluted' in {}).toBe(false)
  })
})

const NAME = fc.oneof(
  fc.constantFrom(
    '$date',
    '$$date',
    '$bigint',
    '$map',
    '$',
    '',
    '__proto__',
    'constructor',
    '10',
    '9',
  ),
  fc.string({ maxLength: 3, unit: 'binary' }),
)

/** Generates every kind of value that has a text. */
const VALUE = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.oneof(
      fc.constantFrom(null, true, false),
      fc
        .double({ noNaN: true, noDefaultInfinity: true })
        .filter((number) => !Number.isInteger(number) || Number.isSafeInteger(number))
        .map((number) => number + 0),
      fc.string({
        maxLength: 5,
        unit: fc.oneof(fc.string({ unit: 'binary', maxLength: 1 }), fc.constant('\ud800')),
      }),
      fc.bigInt(),
      fc.date({ noInvalidDate: true }),
      fc.uint8Array({ maxLength: 4 }),
      fc.webUrl().map((url) => new URL(url)),
    ),
    fc.array(tie('value'), { maxLength: 4 }),
    fc
      .array(fc.tuple(NAME, tie('value')), { maxLength: 4 })
      .map((entries) => Object.fromEntries(entries)),
    fc
      .array(fc.tuple(fc.string(), tie('value')), { maxLength: 3 })
      .map((entries) => new Map(entries)),
    fc
      .uniqueArray(fc.oneof(fc.string(), fc.integer()), { maxLength: 3 })
      .map((items) => new Set(items)),
  ),
})).value

/** Returns an equal value with its names, map entries and set items in another order. */
function shuffled(value: unknown, random: () => number): unknown {
  const inAnyOrder = <Item>(items: Iterable<Item>): Item[] =>
    Array.from(items, (item) => ({ item, place: random() }))
      .toSorted((one, other) => one.place - other.place)
      .map(({ item }) => item)
  if (Array.isArray(value)) return value.map((item) => shuffled(item, random))
  if (value instanceof Set) return new Set(inAnyOrder(value))
  if (value instanceof Map) {
    return new Map(inAnyOrder(value).map(([key, item]) => [key, shuffled(item, random)]))
  }
  if (!isPlainObject(value)) return value
  return Object.fromEntries(
    inAnyOrder(Object.entries(value)).map(([name, item]) => [name, shuffled(item, random)]),
  )
}

/** Restores a value from the result of `JSON.parse`. Together they are the inverse of canonicalJson. */
function readBack(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(readBack)
  if (!isPlainObject(json)) return json
  const [[tag, content] = ['', undefined]] = Object.entries(json)
  switch (tag) {
    case '$bigint':
      return BigInt(content as string)
    case '$date':
      return new Date(content as number)
    case '$url':
      return new URL(content as string)
    case '$bytes':
      return new Uint8Array(content as number[])
    case '$map':
      return new Map(
        (content as [unknown, unknown][]).map(([key, item]) => [readBack(key), readBack(item)]),
      )
    case '$set':
      return new Set((content as unknown[]).map(readBack))
    default:
      return Object.fromEntries(
        Object.entries(json).map(([name, item]) => [name.replace(/^\$/, ''), readBack(item)]),
      )
  }
}

function isPlainObject(value: unknown): value is object {
  return (
    typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
  )
}

function nested(depth: number): unknown {
  let value: unknown[] = []
  for (let level = 1; level < depth; level++) value = [value]
  return value
}

function cyclicObject(): object {
  const inner: { self?: object } = {}
  inner.self = inner
  return { inner }
}

function cyclicMap(): object {
  const map = new Map<string, unknown>()
  return map.set('self', map)
}

function hasExactNumbers(value: unknown): boolean {
  if (typeof value === 'number') return !Number.isInteger(value) || Number.isSafeInteger(value)
  if (value === null || typeof value !== 'object') return true
  return Object.values(value).every(hasExactNumbers)
}
