import { SerializationError } from '@verbatim/cache-core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeTaggedJson, encodeTaggedJson } from '../../src/codec/tagged-json.js'

const anyValue = fc.anything({
  withBigInt: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withNullPrototype: false,
  withTypedArray: false,
  withSparseArray: false,
  key: fc.oneof(fc.string(), fc.constantFrom('$date', '$$date', '$map', '$', '__proto__')),
})

describe('what is encoded comes back', () => {
  test('whatever it is', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        expect(decodeTaggedJson(encodeTaggedJson(value))).toStrictEqual(value)
      }),
      { numRuns: 2_000 },
    )
  })

  test('what is nested as deep as is allowed', () => {
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

  test('a Buffer comes back as the plain bytes it is', () => {
    const bytes = decodeTaggedJson(encodeTaggedJson(Buffer.from('verbatim')))
    expect(bytes).toStrictEqual(new Uint8Array(Buffer.from('verbatim')))
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

  test('what a getter or a proxy answers, asked once', () => {
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

  test('the places of an array that were never set', () => {
    // oxlint-disable-next-line no-sparse-arrays
    expect(decodeTaggedJson(encodeTaggedJson([, 1]))).toStrictEqual([undefined, 1])
  })

  test('a property called __proto__ stays a property', () => {
    const value: unknown = JSON.parse('{"__proto__": {"polluted": true}, "$x": 1}')
    const decoded = decodeTaggedJson(encodeTaggedJson(value)) as object
    expect(Object.hasOwn(decoded, '__proto__')).toBe(true)
    expect(Object.getPrototypeOf(decoded)).toBe(Object.prototype)
    expect((decoded as { polluted?: unknown }).polluted).toBeUndefined()
  })
})

describe('what has no faithful form is refused, by its place', () => {
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
    [circular, 'value["self"] is a reference to its own container'],
    [nested(600), 'more than 512 levels'],
  ])('%#', (value, message) => {
    expect(() => encodeTaggedJson(value)).toThrow(SerializationError)
    expect(() => encodeTaggedJson(value)).toThrow(message)
  })

  test('the message shows no value', () => {
    const secret = { password: 's3cret', handler: () => 's3cret' }
    expect(() => encodeTaggedJson(secret)).toThrow(/^(?!.*s3cret)/s)
  })

  test('an object that stands in two places is no cycle', () => {
    const shared = { x: 1 }
    expect(decodeTaggedJson(encodeTaggedJson([shared, shared]))).toStrictEqual([shared, shared])
  })
})

describe('text that was not written by it is refused', () => {
  test.each([
    '{"$unknown": 1}',
    '{"$bigint": "x"}',
    '{"$url": "nowhere"}',
    '{"$map": 1}',
    '{',
    '{"$set": [',
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
