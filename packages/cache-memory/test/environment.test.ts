import vm from 'node:vm'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { InMemoryCache } from '../src/index.js'

afterEach(() => void vi.useRealTimers())

const foreign = (code: string): object => vm.runInNewContext(code) as object

describe.each(['clone', 'freeze'] as const)("with isolation '%s'", (isolation) => {
  const roundTrip = async (value: unknown): Promise<unknown> => {
    const cache = new InMemoryCache({ isolation })
    await cache.set('key', value)
    return cache.get('key')
  }
  const codeOf = (value: unknown): Promise<unknown> =>
    roundTrip(value).catch(({ code }: { code: string }) => code)
  const messageOf = (value: unknown): Promise<unknown> =>
    roundTrip(value).catch(({ message }: Error) => message)

  test.each<[code: string, expected: unknown]>([
    ['({ list: [1, { at: new Date(0) }] })', { list: [1, { at: new Date(0) }] }],
    ['new Map([[1, new Set([2])]])', new Map([[1, new Set([2])]])],
    ['new Uint8Array([1, 2])', new Uint8Array([1, 2])],
    ['new Float64Array([1.5])', new Float64Array([1.5])],
    ['new DataView(new ArrayBuffer(2))', new DataView(new ArrayBuffer(2))],
    ['new Uint8Array([1]).buffer', new Uint8Array([1]).buffer],
    ['/a+/gi', /a+/gi],
    ['[,1]', Array(1).concat([1])],
  ])('%s of another realm is returned as data of this realm', async (code, expected) => {
    const read = (await roundTrip(foreign(code))) as object
    expect(read).toStrictEqual(expected)
    expect(Object.getPrototypeOf(read)).toBe(Object.getPrototypeOf(expected))
  })

  test('dates made and read under fake timers can be stored', async () => {
    vi.useFakeTimers({ now: 5 })
    const read = await roundTrip({ at: new Date() })
    expect(JSON.stringify(read)).toBe('{"at":"1970-01-01T00:00:00.005Z"}')
    vi.useRealTimers()
    expect(JSON.stringify(await roundTrip(read))).toBe(JSON.stringify(read))
    expect(Object.getPrototypeOf((read as { at: Date }).at)).toBe(Date.prototype)
  })

  test('a date made after vi.setSystemTime can be stored', async () => {
    vi.setSystemTime(7)
    const at = new Date()
    vi.useRealTimers()
    expect(await roundTrip([at])).toEqual([new Date(7)])
  })

  test('copies have the holes of their arrays', async () => {
    const read = (await roundTrip(Object.assign([1], { length: 4, 2: 3 }))) as unknown[]
    expect(Object.keys(read)).toEqual(['0', '2'])
    expect(read).toHaveLength(4)
  })

  test('a stored Buffer is returned as a Buffer', async () => {
    const read = (await roundTrip({ bytes: Buffer.from('abc') })) as { bytes: Buffer }
    expect(Buffer.isBuffer(read.bytes)).toBe(true)
    expect(String(read.bytes)).toBe('abc')
  })

  test('properties that a copy would lose are rejected with their path', async () => {
    const withName = <T extends object>(value: T): T => Object.assign(value, { total: 3 })
    const withSymbol = <T extends object>(value: T): T =>
      Object.assign(value, { [Symbol('tag')]: 3 })
    const kinds = {
      array: [1],
      date: new Date(),
      map: new Map(),
      set: new Set(),
      match: 'a'.match(/a/),
    }
    for (const [name, value] of Object.entries(kinds)) {
      const rejected = { list: [withName(value as object)] }
      const message = await messageOf(rejected)
      expect([name, message]).toEqual([
        name,
        expect.stringMatching(
          /^value\["list"\]\[0\] must be data that can be copied; received an object with the property "(total|index)"/,
        ),
      ])
    }
    expect(await messageOf({ a: withSymbol({}) })).toContain(
      'received an object with the symbol property tag',
    )
    expect(await codeOf(withSymbol(new Uint8Array(1)))).toBe('NOT_CLONEABLE')
  })

  test('symbol properties that are not enumerable are ignored', async () => {
    const value = Object.defineProperty({ a: 1 }, Symbol('hidden'), { value: 2 })
    expect(await roundTrip(value)).toEqual({ a: 1 })
  })

  test('iterators, generators and arguments objects are rejected', async () => {
    const argumentsObject = (function () {
      // oxlint-disable-next-line prefer-rest-params -- this test needs the arguments object
      return arguments
    })()
    const generator = (function* () {
      yield 1
    })()
    for (const value of [[1].values(), new Map().entries(), generator, argumentsObject]) {
      expect(await codeOf([value])).toBe('NOT_CLONEABLE')
    }
  })
})

test('values are stored, expire and load under fake timers of every kind', async () => {
  vi.useFakeTimers()
  const cache = new InMemoryCache({ isolation: 'clone' })
  const evicted = vi.fn()
  cache.on('refresh_failed', evicted)
  expect(await cache.getOrSet('key', async () => ({ at: new Date(5) }))).toEqual({
    at: new Date(5),
  })
  const slow = cache.getOrSet('slow', () => new Promise(() => {}), { timeout: { hard: '5ms' } })
  await expect(slow).rejects.toMatchObject({ code: 'LOAD_TIMEOUT' })
})
