import { SerializationError } from '@verbatim/cache-core'
import { describe, expect, test } from 'vitest'
import { deepCopy, isImmutable } from '../src/deep-copy.js'

describe('deepCopy', () => {
  test.each<[name: string, value: object]>([
    ['an empty object', {}],
    ['a nested object', { a: { b: [1, { c: null }] }, d: undefined }],
    ['a list', [1, 'two', [3], null, undefined]],
    ['a list with holes', Object.assign([], { length: 3, 1: 'middle' })],
    [
      'a map',
      new Map<unknown, unknown>([
        ['a', { b: 1 }],
        [{ key: 1 }, new Set([1])],
      ]),
    ],
    ['a set', new Set([1, 'two', { three: 3 }])],
    ['a date', new Date('2026-11-22T10:00:00.123Z')],
    ['an invalid date', new Date(Number.NaN)],
    ['a regular expression', /a+/giu],
    ['a URL', new URL('https://user@example.org:8080/path?q=1#part')],
    ['bytes', new Uint8Array([0, 1, 255])],
    ['floats', new Float64Array([0.5, Number.NaN])],
    ['an array buffer', new Uint8Array([1, 2]).buffer],
    ['a view of bytes', new DataView(new Uint8Array([1, 2]).buffer)],
    ['dollar names', { $date: 1, '': 2 }],
  ])('deepCopy returns an equal and separate copy of %s', (_name, value) => {
    const copied = deepCopy(value)
    expect(copied).toStrictEqual(value)
    expect(copied).not.toBe(value)
  })

  test.each([1, 'text', true, null, undefined, 1n, Number.NaN, Symbol.for('name')])(
    '%o is its own copy',
    (value) => expect(deepCopy(value)).toBe(value),
  )

  test.each<[name: string, view: Uint8Array | Float32Array | DataView]>([
    ['bytes', new Uint8Array([1, 2])],
    ['floats', new Float32Array([0.5])],
    ['a view of bytes', new DataView(new ArrayBuffer(2))],
  ])('deepCopy recognizes %s with another toStringTag', (_name, view) => {
    Object.defineProperty(view, Symbol.toStringTag, { value: 'Map', enumerable: false })
    expect(Object.getPrototypeOf(deepCopy(view))).toBe(Object.getPrototypeOf(view))
  })

  test('deepCopy rejects bytes with a name', () => {
    expect(() => deepCopy(Object.assign(Buffer.alloc(100), { encoding: 'png' }))).toThrow(
      'received an object with the property "encoding"',
    )
  })

  test('a copy shares no part with the copied object', () => {
    const source = { list: [{ a: 1 }], map: new Map([['k', { b: 1 }]]), set: new Set([[1]]) }
    const copied = deepCopy(source) as typeof source
    expect(copied.list).not.toBe(source.list)
    expect(copied.list[0]).not.toBe(source.list[0])
    expect(copied.map.get('k')).not.toBe(source.map.get('k'))
    expect([...copied.set][0]).not.toBe([...source.set][0])
  })

  test('the keys of a map are copied too', () => {
    const key = { part: 1 }
    const [copied] = (deepCopy(new Map([[key, 'value']])) as Map<unknown, string>).keys()
    expect(copied).toEqual(key)
    expect(copied).not.toBe(key)
  })

  test('shared parts stay shared, and cycles stay cycles', () => {
    const shared = { a: 1 }
    const source = { one: shared, other: shared, list: [shared], self: {} as object }
    source.self = source
    const map = new Map<string, unknown>([['shared', shared]])
    map.set('self', map)
    const list: unknown[] = [source, map]
    list.push(list)

    const copied = deepCopy(list) as [typeof source, typeof map, unknown]
    expect(copied[2]).toBe(copied)
    expect(copied[0].self).toBe(copied[0])
    expect(copied[0].one).toBe(copied[0].other)
    expect(copied[0].list[0]).toBe(copied[0].one)
    expect(copied[1].get('self')).toBe(copied[1])
    expect(copied[1].get('shared')).toBe(copied[0].one)
    expect(copied[0].one).not.toBe(shared)
  })

  test('an own __proto__ is copied as an ordinary name', () => {
    const source = JSON.parse('{"__proto__": {"polluted": true}, "a": 1}') as object
    const copied = deepCopy(source) as object
    expect(Object.keys(copied)).toEqual(['__proto__', 'a'])
    expect(Object.getPrototypeOf(copied)).toBe(Object.prototype)
    expect('polluted' in copied).toBe(false)
  })

  test('the copy of an object without prototype has no prototype', () => {
    const source = Object.assign(Object.create(null) as object, { a: 1 })
    expect(Object.getPrototypeOf(deepCopy(source))).toBeNull()
  })

  test('the copy of a Buffer is a Buffer without its pool', () => {
    const copied = deepCopy(Buffer.from('abc')) as Buffer
    expect(Buffer.isBuffer(copied)).toBe(true)
    expect(String(copied)).toBe('abc')
    expect(copied.buffer.byteLength).toBe(3)
  })

  test('the copy of a view has only the bytes of the view', () => {
    const { buffer } = new Float64Array([1, 2, 3, 4])
    const copied = deepCopy(new Float64Array(buffer, 8, 2)) as Float64Array
    expect(copied).toStrictEqual(new Float64Array([2, 3]))
    expect(copied.buffer.byteLength).toBe(16)
  })

  test('the copy of a regular expression has its lastIndex', () => {
    const source = /a/g
    source.test('aa')
    expect((deepCopy(source) as RegExp).lastIndex).toBe(1)
  })

  test('the copy of a frozen object is not frozen', () => {
    const copied = deepCopy(Object.freeze({ a: 1 })) as { a: number }
    copied.a = 2
    expect(copied.a).toBe(2)
  })

  class Point {
    readonly x = 1
  }
  class Names extends Array<string> {}
  class Counts extends Map<string, number> {}

  test.each<[name: string, value: unknown, what: string]>([
    ['a function', () => {}, 'a function'],
    ['an instance of a class', new Point(), 'an instance of Point'],
    ['an error', new Error('secret'), 'an instance of Error'],
    ['a promise', Promise.resolve(), 'an instance of Promise'],
    ['a weak map', new WeakMap(), 'an instance of WeakMap'],
    ['an instance of nothing known', Object.create(Object.create(null)), 'an instance of a class'],
    ['a list of a class of its own', new Names('a'), 'an instance of Names'],
    ['a map of a class of its own', new Counts(), 'an instance of Counts'],
  ])('deepCopy rejects %s at any depth', (_name, value, what) => {
    for (const [path, holder] of [
      ['', value],
      ['[0]', [value]],
      ['["a"]["b"]', { a: { b: value } }],
      ['[0]', new Map([['a', value]])],
      ['[0]', new Set([value])],
    ] as const) {
      expect(() => deepCopy(holder)).toThrow(SerializationError)
      expect(() => deepCopy(holder)).toThrow(
        expect.objectContaining({
          code: 'NOT_CLONEABLE',
          context: { path },
          message: `value${path} must be data that can be copied; received ${what}. Store plain data, or use isolation 'none'`,
        }),
      )
    }
  })
})

test('deepCopy copies 512 levels and rejects 513', () => {
  expect(deepCopy(nested(512))).toEqual(nested(512))
  for (const depth of [513, 100_000]) {
    expect(() => deepCopy(nested(depth))).toThrow('an object deeper than 512 levels')
    expect(() => deepCopy(nested(depth))).toThrow(SerializationError)
  }
})

test('isImmutable returns true for values that cannot change', () => {
  expect([null, undefined, 1, 'a', true, 1n, Symbol('s')].map(isImmutable)).not.toContain(false)
  expect([{}, [], new Date(), () => {}].map(isImmutable)).not.toContain(true)
})

function nested(depth: number): unknown[] {
  let value: unknown[] = []
  for (let level = 1; level < depth; level++) value = [value]
  return value
}
