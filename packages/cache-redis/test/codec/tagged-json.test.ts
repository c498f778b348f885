import { runInNewContext, runInThisContext } from 'node:vm'
import { SerializationError } from '@verbatim/cache-core'
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { decodeTaggedJson, encodeTaggedJson } from '../../src/codec/tagged-json.js'
import { toJson } from '../../src/codec/to-json.js'

const anyValue = fc.anything({
  withBigInt: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withNullPrototype: false,
  withTypedArray: true,
  withSparseArray: true,
  key: fc.oneof(fc.string(), fc.constantFrom('$date', '$$date', '$map', '$', '__proto__')),
})

describe('an encoded value comes back', () => {
  test('for any value', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        expect(decodeTaggedJson(encodeTaggedJson(value))).toStrictEqual(value)
      }),
      { numRuns: 2_000 },
    )
  })

  test('a value of the greatest permitted depth', () => {
    const wraps: ((inner: unknown) => unknown)[] = [
      (inner) => [inner],
      (inner) => ({ inner }),
      (inner) => new Map([[0, inner]]),
      (inner) => new Set([inner]),
    ]
    for (const wrap of wraps) {
      let value: unknown = 0
      for (let level = 0; level < 512; level++) value = wrap(value)
      expect(encodeTaggedJson(decodeTaggedJson(encodeTaggedJson(value)))).toBe(
        encodeTaggedJson(value),
      )
      expect(() => encodeTaggedJson(wrap(value))).toThrow('more than 512 levels')
    }
  })

  test('bytes, URLs and invalid dates', () => {
    for (const value of [
      new Uint8Array([0, 255]),
      new Uint8Array(0),
      new URL('https://example.org/a?b#c'),
      new Date(Number.NaN),
    ]) {
      expect(decodeTaggedJson(encodeTaggedJson([value]))).toStrictEqual([value])
    }
  })

  test('a Buffer comes back as a Buffer and a Uint8Array as a Uint8Array', () => {
    const value = [Buffer.from('verbatim'), new Uint8Array([1, 2])]
    const [buffer, bytes] = decodeTaggedJson(encodeTaggedJson(value)) as [Buffer, Uint8Array]
    expect([buffer, bytes]).toStrictEqual(value)
    expect(Buffer.isBuffer(buffer)).toBe(true)
    expect(Buffer.isBuffer(bytes)).toBe(false)
  })

  test.each([
    new Float32Array([1.5, -0, Number.NaN]),
    new Float64Array([Math.PI]),
    new Int8Array([-1]),
    new Uint8ClampedArray([255]),
    new Int16Array([-2]),
    new Uint16Array([2]),
    new Int32Array([-3]),
    new Uint32Array([3]),
    new BigInt64Array([-4n]),
    new BigUint64Array([4n]),
    new DataView(new Uint8Array([9, 8, 7]).buffer, 1),
    new Uint8Array([5, 6]).buffer,
  ])('%o keeps its class and its bytes', (value) => {
    expect(decodeTaggedJson(encodeTaggedJson({ value }))).toStrictEqual({ value })
  })

  test('a view of part of a buffer is stored without the rest', () => {
    const part = new Float32Array([1, 2, 3, 4]).subarray(1, 3)
    const decoded = decodeTaggedJson(encodeTaggedJson(part)) as Float32Array
    expect(decoded).toStrictEqual(new Float32Array([2, 3]))
    expect(decoded.buffer.byteLength).toBe(8)
  })

  test('an object cannot pass itself off as a tag', () => {
    for (const forged of [
      { $date: 0 },
      { $$date: 0 },
      { $map: [] },
      { $bytes: 'AA==' },
      { $: 1 },
    ]) {
      expect(decodeTaggedJson(encodeTaggedJson(forged))).toStrictEqual(forged)
    }
  })

  test('half of a surrogate pair, in text and in names', () => {
    const value = { '\ud800': '\udfff', '$\ud800': ['\ud83d\ude00\ud83d'] }
    expect(decodeTaggedJson(encodeTaggedJson(value))).toStrictEqual(value)
  })

  test('the result of a getter or a proxy, which is asked once', () => {
    let asked = 0
    const value = {
      get count() {
        asked += 1
        return asked
      },
      proxy: new Proxy({ x: 1 }, {}),
    }
    expect(decodeTaggedJson(encodeTaggedJson(value))).toStrictEqual({ count: 1, proxy: { x: 1 } })
  })

  test('the object itself and not what a hidden toJSON makes of it', () => {
    const value = Object.defineProperty({ x: 1 }, 'toJSON', { value: () => 'another' })
    expect(decodeTaggedJson(encodeTaggedJson(value))).toStrictEqual({ x: 1 })
  })

  test('an array keeps its holes, also at its end', () => {
    const sparse: unknown[] = [undefined]
    sparse[2] = { x: [] }
    sparse.length = 5
    const decoded = decodeTaggedJson(encodeTaggedJson({ sparse })) as { sparse: unknown[] }
    expect(decoded.sparse).toStrictEqual(sparse)
    expect(Object.keys(decoded.sparse)).toEqual(['0', '2'])
    expect(decoded.sparse).toHaveLength(5)
  })

  test("today's bytes stay as they are", () => {
    const value = {
      list: [1, 'a', null, true, undefined, -0, 10n],
      at: new Date(5),
      bytes: new Uint8Array([1]),
      map: new Map([['k', new Set([1])]]),
      url: new URL('http://a/'),
      $x: 1,
    }
    expect(encodeTaggedJson(value)).toBe(
      '{"list":[1,"a",null,true,{"$undefined":true},{"$number":"-0"},{"$bigint":"10"}],' +
        '"at":{"$date":5},"bytes":{"$bytes":"AQ=="},"map":{"$map":[["k",{"$set":[1]}]]},' +
        '"url":{"$url":"http://a/"},"$$x":1}',
    )
  })

  test('a property called __proto__ stays a property', () => {
    const value: unknown = JSON.parse('{"__proto__": {"polluted": true}, "$x": 1}')
    const decoded = decodeTaggedJson(encodeTaggedJson(value)) as object
    expect(Object.hasOwn(decoded, '__proto__')).toBe(true)
    expect(Object.getPrototypeOf(decoded)).toBe(Object.prototype)
    expect((decoded as { polluted?: unknown }).polluted).toBeUndefined()
  })
})

describe('a value without a faithful form is refused with its path', () => {
  class Money {
    readonly amount = 1
  }
  const circular: { self?: unknown } = {}
  circular.self = circular

  test.each([
    [() => 1, 'value is a function'],
    [{ list: [1, Symbol('x')] }, 'value["list"][1] is a symbol'],
    [{ price: new Money() }, 'value["price"] is an instance of Money'],
    [new Map([['key', /x/]]), 'value[0] is an instance of RegExp'],
    [new (class Ledger extends Map {})(), 'value is an instance of Ledger'],
    [
      { list: Object.assign([1, 2], { total: 3 }) },
      'value["list"]["total"] is a property of Array',
    ],
    [Object.assign(Array(500).fill(0), { total: 3 }), 'value["total"] is a property of Array'],
    [Object.assign([1], { 4294967295: 1 }), 'value["4294967295"] is a property of Array'],
    [/a/.exec('a'), 'value["index"] is a property of Array'],
    [Object.assign(new Date(0), { zone: 'UTC' }), 'value["zone"] is a property of Date'],
    [Object.assign(new Map(), { x: 1 }), 'value["x"] is a property of Map'],
    [[Object.assign(new Set(), { x: 1 })], 'value[0]["x"] is a property of Set'],
    [Object.assign(new URL('http://a/'), { x: 1 }), 'value["x"] is a property of URL'],
    [Object.assign(Buffer.alloc(900), { x: 1 }), 'value["x"] is a property of Buffer'],
    [Object.assign(new Float32Array(3), { x: 1 }), 'value["x"] is a property of Float32Array'],
    [Object.assign(new ArrayBuffer(3), { x: 1 }), 'value["x"] is a property of ArrayBuffer'],
    [{ a: { [Symbol('hidden')]: 1 } }, 'value["a"]["Symbol(hidden)"] is a property of Object'],
    [Object.assign([], { [Symbol('s')]: 1 }), 'value["Symbol(s)"] is a property of Array'],
    [{ p: Promise.resolve(1) }, 'value["p"] is a promise, which cannot be stored; store what it'],
    [{ m: new Map().values() }, 'value["m"] is an iterator'],
    [(function* () {})(), 'value is an iterator, which cannot be stored; store an array'],
    [new SharedArrayBuffer(1), 'value is an instance of SharedArrayBuffer'],
    [new (class Bytes extends Uint8Array {})(1), 'value is an instance of Bytes'],
    [circular, 'value["self"] is a circular reference'],
    [nested(600), 'more than 512 levels'],
  ])('%#', (value, message) => {
    expect(() => encodeTaggedJson(value)).toThrow(SerializationError)
    expect(() => encodeTaggedJson(value)).toThrow(message)
  })

  test('the message shows no value', () => {
    const secret = { password: 's3cret', handler: () => 's3cret' }
    expect(() => encodeTaggedJson(secret)).toThrow(/^(?!.*s3cret)/s)
  })

  test.each<[name: string, twice: (inner: unknown) => unknown]>([
    ['an array', (inner) => [inner, inner]],
    ['an object', (inner) => ({ a: inner, b: inner })],
    [
      'a map',
      (inner) =>
        new Map([
          ['a', inner],
          ['b', inner],
        ]),
    ],
    ['a set', (inner) => new Set([[inner], [inner]])],
    ['an array at two depths', (inner) => [inner, [[inner]]]],
  ])('%s that holds one object twice, for 40 levels, is refused soon', (_name, twice) => {
    let value: unknown = 'leaf'
    for (let level = 0; level < 40; level++) value = twice(value)
    expect(() => toJson(value, 64 * 1024 * 1024)).toThrow(/^value takes \d+ bytes as JSON or more/)
  })

  test('an object that is held twice, for 18 levels, comes back', () => {
    let value: unknown = 'leaf'
    for (let level = 0; level < 18; level++) value = [value, value]
    expect(decodeTaggedJson(encodeTaggedJson(value))).toStrictEqual(value)
  })

  test('an object in two places is not a cycle', () => {
    const shared = { x: 1 }
    expect(decodeTaggedJson(encodeTaggedJson([shared, shared]))).toStrictEqual([shared, shared])
  })
})

describe('data of another realm', () => {
  const run = (source: string): unknown => runInNewContext(source, { Buffer, URL })

  test.each([
    '({ list: [1, , { at: new Date(0) }], map: new Map([[1, new Set([2])]]), n: null })',
    'Object.assign(Object.create(null), { a: 1 })',
    '[new Float32Array([1.5]), new Uint8Array([1]), new ArrayBuffer(2), Buffer.from("a")]',
    '[1.5, 2.5]',
    'new URL("http://a/")',
  ])('%s comes back as data of this one', (source) => {
    const decoded = decodeTaggedJson(encodeTaggedJson(run(source)))
    const own = source.startsWith('Object') ? { a: 1 } : runInThisContext(source)
    expect(decoded).toStrictEqual(own)
  })

  test.each([
    ['({ p: Promise.resolve(1) })', 'value["p"] is a promise'],
    ['[[].values()]', 'value[0] is an iterator'],
    ['new (class Money { amount = 1 })()', 'value is an instance of Money'],
    ['Object.assign([1], { x: 1 })', 'value["x"] is a property of Array'],
    ['new (class Ledger extends Map {})()', 'value is an instance of Ledger'],
  ])('%s is refused as it would be here', (source, message) => {
    expect(() => encodeTaggedJson(run(source))).toThrow(message)
  })
})

test('a date from fake timers is stored, and stored again after it was read', () => {
  for (const options of [{ now: 5 }, { now: 5, toFake: ['Date' as const] }]) {
    vi.useFakeTimers(options)
    try {
      const decoded = decodeTaggedJson(encodeTaggedJson([new Date()])) as [Date]
      expect(decoded[0].getTime()).toBe(5)
      expect(encodeTaggedJson(decoded)).toBe('[{"$date":5}]')
    } finally {
      vi.useRealTimers()
    }
  }
  vi.setSystemTime(7)
  try {
    expect(encodeTaggedJson([new Date()])).toBe('[{"$date":7}]')
  } finally {
    vi.useRealTimers()
  }
})

describe('text that was not written by it is refused', () => {
  test.each([
    '{"$unknown": 1}',
    '{"$bigint": "x"}',
    '{"$url": "nowhere"}',
    '{"$map": 1}',
    '{',
    '{"$set": [',
    '{"$hole": true}',
    '{"a": {"$hole": true}}',
    '{"$view": ["Function", "AA=="]}',
    '{"$view": ["constructor", "AA=="]}',
    '{"$view": ["Float32Array", "AA=="]}',
    `${'{"$set":['.repeat(2_000)}1${']}'.repeat(2_000)}`,
  ])('%#', (text) => {
    expect(() => decodeTaggedJson(text)).toThrow()
  })
})

function nested(levels: number): unknown {
  let value: unknown = 0
  for (let level = 0; level < levels; level++) value = [value]
  return value
}
