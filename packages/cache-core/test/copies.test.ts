import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import { recognizeCopies, sharedByCopies } from '../src/copies.js'
import * as implement from '../src/implement.js'
import * as source from '../src/index.js'

const require = createRequire(import.meta.url)
/** The package as `require` loads it where it does not load ECMAScript modules, such as in Jest. */
const built = require('../dist/cjs/index.js') as typeof source
const builtImplement = require('../dist/cjs/implement.js') as typeof implement

const ERRORS = [
  'CacheError',
  'ValidationError',
  'ConfigurationError',
  'InfrastructureError',
  'SerializationError',
  'SecurityError',
] as const

test('the CommonJS copy is separate and has the same exports', () => {
  expect(built.CacheError).not.toBe(source.CacheError)
  expect(Object.keys(built).toSorted()).toEqual(Object.keys(source).toSorted())
  expect(Object.keys(builtImplement).toSorted()).toEqual(Object.keys(implement).toSorted())
})

test.each(ERRORS)('instanceof recognizes a %s of the other copy and its base classes', (name) => {
  for (const [one, other] of [
    [source, built],
    [built, source],
  ] as const) {
    const error = new one[name]('what happened')
    expect(error).toBeInstanceOf(other[name])
    expect(error).toBeInstanceOf(other.CacheError)
    expect(error).toMatchObject({ name, code: new other[name]('').code })
    for (const unrelated of ERRORS.filter((kind) => kind !== name && kind !== 'CacheError')) {
      expect(error).not.toBeInstanceOf(other[unrelated])
    }
  }
  expect(new source.CacheError('')).toBeInstanceOf(built.CacheError)
  expect(new Error('')).not.toBeInstanceOf(built.CacheError)
})

test('one copy recognizes an error of the other', () => {
  expect(() => builtImplement.assertKey('')).toThrow(source.ValidationError)
  expect(() => implement.toMilliseconds(0)).toThrow(built.ValidationError)
})

test('a subclass of a user has the usual instanceof', () => {
  class QuotaError extends source.InfrastructureError {}
  expect(new QuotaError('')).toBeInstanceOf(QuotaError)
  expect(new QuotaError('')).toBeInstanceOf(built.InfrastructureError)
  expect(new source.InfrastructureError('')).not.toBeInstanceOf(QuotaError)
  expect(new built.InfrastructureError('')).not.toBeInstanceOf(QuotaError)
})

test.each([null, undefined, 1, 'text', {}, () => {}, Object.create(null)])(
  'instanceof is false for %s',
  (value) => {
    expect(value instanceof source.Secret).toBe(false)
    expect(value instanceof source.CacheError).toBe(false)
  },
)

test('a secret and a clock of the other copy are recognized and work', () => {
  const secret = new built.Secret('open sesame')
  expect(secret).toBeInstanceOf(source.Secret)
  expect(secret.reveal()).toBe('open sesame')
  const clock = new built.ManualClock()
  expect(clock).toBeInstanceOf(source.ManualClock)
  expect(() => implement.assertClock(clock)).not.toThrow()
})

test('a cycle of loads through caches of both copies is found', async () => {
  const one = mapCache(source)
  const other = mapCache(built)
  const cycle = one.getOrSet('a', () => other.getOrSet('b', () => one.getOrSet('a', () => 1)))
  await expect(cycle).rejects.toMatchObject({ code: 'LOAD_CYCLE' })
  expect(await one.getOrSet('a', () => other.getOrSet('b', () => 2))).toBe(2)
})

test('two classes with one name are copies, and classes with two names are not', () => {
  class First {
    readonly place = 1
  }
  class Second {
    readonly place = 2
  }
  class Third {
    readonly place = 3
  }
  recognizeCopies(First, 'test/same')
  recognizeCopies(Second, 'test/same')
  recognizeCopies(Third, 'test/another')
  expect(new First()).toBeInstanceOf(Second)
  expect(new Third()).not.toBeInstanceOf(First)
  expect(Object.keys(new First())).toEqual(['place'])
})

test('copies share one state for each name', () => {
  const first = sharedByCopies('test/state', () => ({ count: 1 }))
  expect(sharedByCopies('test/state', () => ({ count: 2 }))).toBe(first)
  expect(sharedByCopies('test/other-state', () => ({ count: 2 }))).toEqual({ count: 2 })
})

/** Creates a minimal cache with a copy of the package. */
function mapCache({ CacheInterface }: typeof source): source.CacheInterface {
  class MapCache extends CacheInterface {
    readonly #values = new Map<string, unknown>()

    override async get<T>(key: string): Promise<T | undefined> {
      return this.#values.get(key) as T | undefined
    }

    override async set(key: string, value: unknown): Promise<void> {
      this.#values.set(key, value)
    }

    override async delete(key: string): Promise<boolean> {
      return this.#values.delete(key)
    }

    override async exists(key: string): Promise<boolean> {
      return this.#values.has(key)
    }
  }
  return new MapCache()
}
