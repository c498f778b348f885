import vm from 'node:vm'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { type DataKind, dataKindOf } from '../src/data-kind.js'
import { extraPropertyOf } from '../src/extra-properties.js'
import { EventHub, isError, isPlainObject } from '../src/implement.js'
import { type CacheError, canonicalJson } from '../src/index.js'
import { ReferenceCache } from './testkit/reference-cache.js'

afterEach(() => void vi.useRealTimers())

const foreign = (code: string): unknown => vm.runInNewContext(code, { URL, Buffer })

describe('canonicalJson', () => {
  test.each([
    '({ b: [1, { at: new Date(0) }], a: null })',
    'new Map([["a", new Set([1])]])',
    'new Uint8Array([1, 2])',
    '({ url: new URL("a:b"), bytes: Buffer.from("ab") })',
    'Object.create(null)',
    '[new Date(5), 12n]',
  ])('writes %s of another realm like data of this realm', (code) => {
    const own: unknown = vm.runInThisContext(code)
    expect(canonicalJson(foreign(code))).toBe(canonicalJson(own))
  })

  test('writes dates made under fake timers like others', () => {
    vi.useFakeTimers({ now: 5 })
    const faked = new Date()
    vi.setSystemTime(5)
    expect(canonicalJson([faked, new Date()])).toBe('[{"$date":5},{"$date":5}]')
    vi.useRealTimers()
    vi.setSystemTime(5)
    const mocked = new Date()
    vi.useRealTimers()
    expect(canonicalJson(mocked)).toBe('{"$date":5}')
  })

  test.each<[name: string, value: unknown, problem: string]>([
    ['a hole', { a: Object.assign([1], { 2: 2 }) }, '; received an array with a hole at 1'],
    ['a name on an array', Object.assign([1], { total: 1 }), 'with the property "total"'],
    ['a large index on an array', Object.assign([1], { 4294967295: 1 }), '"4294967295"'],
    ['a name on a date', [Object.assign(new Date(), { zone: 1 })], 'options[0] must be plain data'],
    ['a name on a map', Object.assign(new Map(), { a: 1 }), 'with the property "a"'],
    ['a symbol', { a: { [Symbol('s')]: 1 } }, '; received an object with the symbol property s'],
    ['an iterator', { a: [1].values() }, '; received an instance of'],
    ['a generator', (function* () {})(), 'options must be plain data'],
    ['a class of another realm', foreign('new (class Point {})'), 'an instance of Point'],
    ['an array of a class', foreign('new (class Names extends Array {})'), 'an instance of Names'],
  ])('rejects %s', (_name, value, problem) => {
    expect(() => canonicalJson(value, 'options')).toThrow(problem)
  })
})

test('isPlainObject accepts plain objects of another realm, but no other objects', () => {
  expect(isPlainObject(foreign('({})'))).toBe(true)
  expect(isPlainObject(foreign('Object.create(null)'))).toBe(true)
  expect(isPlainObject(foreign('[]'))).toBe(false)
  expect(isPlainObject(foreign('new Date()'))).toBe(false)
  expect(isPlainObject(foreign('new (class Point {})'))).toBe(false)
})

test('a listener may return a rejected promise of another implementation', async () => {
  const hub = new EventHub<{ event: [] }>()
  // oxlint-disable-next-line unicorn/no-thenable -- a promise of another implementation is one
  const rejected = { then: (_: unknown, onRejected: (error: Error) => void) => onRejected(Error()) }
  hub.on('event', () => rejected)
  hub.on('event', () => foreign('Promise.reject(new Error())'))
  hub.emit('event')
  await Promise.resolve()
  await Promise.resolve()
  expect(hub.failures).toBe(2)
})

test('a loader may return a promise of another implementation', async () => {
  const cache = new ReferenceCache()
  // oxlint-disable-next-line unicorn/no-thenable -- a promise of another implementation is one
  const thenable = { then: (onFulfilled: (value: string) => void) => onFulfilled('value') }
  expect(await cache.getOrSet('key', () => thenable as PromiseLike<string>)).toBe('value')
  expect(await cache.getOrSet('other', () => foreign('Promise.resolve("value")'))).toBe('value')
})

test.each([
  ['of this realm', () => Promise.reject(new Error('late'))],
  ['of another realm', () => foreign('Promise.reject(new Error("late"))')],
])(
  'a ttl function that returns a promise %s stores nothing and ends no process',
  async (_, ttl) => {
    const notStored: string[] = []
    class Watched extends ReferenceCache {
      protected override notStored(_key: string, { code }: CacheError): void {
        notStored.push(code)
      }
    }
    const cache = new Watched()
    expect(await cache.getOrSet('key', () => 'value', { ttl: ttl as () => number })).toBe('value')
    expect(notStored).toEqual(['TTL_FAILED'])
    expect(await cache.exists('key')).toBe(false)
  },
)

test.each(['Error()', 'TypeError()', 'new (class Lost extends Error {})()'])(
  'isError recognizes %s of another realm',
  (code) => {
    expect(isError(foreign(code))).toBe(true)
  },
)

test.each([{ name: 'Error', message: 'text' }, 'Error', null, undefined])(
  'isError does not recognize %o',
  (value) => {
    expect(isError(value)).toBe(false)
  },
)

test.each<[name: string, bytes: Uint8Array | Float32Array | DataView]>([
  ['a short Buffer', Buffer.alloc(2)],
  ['a long Buffer', Buffer.alloc(70_000)],
  ['a typed array', new Float32Array(2)],
  ['a long typed array', new Float32Array(1_536)],
  ['a DataView', new DataView(new ArrayBuffer(2))],
])('extraPropertyOf finds a name on %s', (_, bytes) => {
  const kind = dataKindOf(bytes)
  expect(extraPropertyOf(bytes, kind as DataKind)).toBeUndefined()
  expect(extraPropertyOf(Object.assign(bytes, { note: 1 }), kind as DataKind)).toBe('note')
})

test('a load times out under fake timers', async () => {
  vi.useFakeTimers()
  const cache = new ReferenceCache()
  const call = cache.getOrSet('key', () => new Promise(() => {}), { timeout: { hard: '5ms' } })
  await expect(call).rejects.toMatchObject({ code: 'LOAD_TIMEOUT' })
})

/** The types of `DataView` cannot be extended: they have a parameter that its constructor lacks. */
const Bytes = DataView as new (buffer: ArrayBuffer) => DataView

test.each([
  ['Float32Array', new (class Vec extends Float32Array {})(2)],
  ['Uint8Array', new (class Octets extends Uint8Array {})(2)],
  ['ArrayBuffer', new (class Memory extends ArrayBuffer {})(2)],
  ['DataView', new (class View extends Bytes {})(new ArrayBuffer(2))],
])('dataKindOf does not recognize a subclass of %s', (_, value) => {
  expect(dataKindOf(value)).toBeUndefined()
})

test.each([
  ['view', new Float32Array(2)],
  ['view', new DataView(new ArrayBuffer(2))],
  ['view', foreign('new Float32Array(2)')],
  ['view', foreign('new DataView(new ArrayBuffer(2))')],
  ['arraybuffer', foreign('new ArrayBuffer(2)')],
  ['arraybuffer', new SharedArrayBuffer(2)],
  ['buffer', Buffer.from('pooled')],
  ['buffer', Buffer.alloc(2)],
])('dataKindOf recognizes a built-in %s (case %#)', (kind, value) => {
  expect(dataKindOf(value as object)).toBe(kind)
})
