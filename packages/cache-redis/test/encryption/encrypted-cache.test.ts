import { crc32 } from 'node:zlib'
import { ConfigurationError } from '@verbatim/cache-core'
import { describe, expect, test, vi } from 'vitest'
import { toHex } from '../../src/codec/place.js'
import { KIND_OFFSET } from '../../src/codec/stored-line.js'
import { type GenericRedisCache, type GenericRedisCacheOptions, KeyRing } from '../../src/index.js'
import { placeOf } from '../codec/codec-fixtures.js'
import { sharedRedis } from '../set-up.js'

const at = sharedRedis({ enableL1Cache: false })
const keys = KeyRing.generate()

function openWith(encryption: GenericRedisCacheOptions['encryption']): Promise<GenericRedisCache> {
  return at.openConnected({ encryption })
}

const foreignValues = (cache: GenericRedisCache): object => cache.getStats().redis.foreignValues

describe('a cache with encryption', () => {
  test('returns every kind of value, and leaves no text of it in Redis', async () => {
    const cache = await openWith({ keys })
    const value = { text: 'a secret answer '.repeat(200), at: new Date(0), n: 1n }
    await cache.set('key', value, { tags: ['tag'] })
    const entries = new Map<string, unknown>([
      ['one', 'a secret answer'],
      ['two', new Uint8Array([1, 2, 3])],
    ])
    await cache.setMany(entries)
    const other = await openWith({ keys })
    expect(await other.get('key')).toEqual(value)
    expect(await other.getMany(['one', 'two'])).toEqual(entries)
    expect(await other.getOrSet('key', () => 'loaded')).toEqual(value)
    expect(await other.exists('key')).toBe(true)
    expect(await other.getTtl('key')).toBeGreaterThan(3_500)
    for (const name of ['key', 'one', 'two']) {
      expect(String(await at.raw.get(`cache:${name}`))).not.toContain('secret')
    }
    await other.invalidateTags(['tag'])
    expect(await cache.get('key')).toBeUndefined()
  })

  test('returns values of several megabytes', async () => {
    for (const compress of [false, true]) {
      const cache = await openWith({ keys, compress })
      const value = { text: 'a long answer '.repeat(200_000) }
      await cache.set('large', value)
      expect(await cache.get('large')).toEqual(value)
    }
  })

  test('does not compress unless compress is set', async () => {
    const text = 'verbatim '.repeat(10_000)
    await (await openWith({ keys })).set('key', text)
    expect(await at.raw.strlen('cache:key')).toBeGreaterThan(text.length)
    await (await openWith({ keys, compress: true })).set('key', text)
    expect(await at.raw.strlen('cache:key')).toBeLessThan(1_000)
    expect(await (await openWith({ keys })).get('key')).toBe(text)
  })

  test('does not serve a value that was copied to another key', async () => {
    const cache = await openWith({ keys })
    await cache.set('key', 'mine')
    await at.raw.copy('cache:key', 'cache:other')
    expect(await cache.get('other')).toBeUndefined()
    expect(foreignValues(cache)).toEqual({ other_place: 1 })
  })

  test('counts and reports a value whose TTL was changed in Redis, and leaves it there', async () => {
    const cache = await openWith({ keys })
    const found = vi.fn()
    cache.on('foreign_value', found)
    await cache.set('key', 'value')
    const bytes = (await at.raw.getBuffer('cache:key')) as Buffer
    const words = bytes.subarray(KIND_OFFSET)
    words[words.indexOf(' ') + 1] = '9'.charCodeAt(0)
    const checksum = toHex(crc32(words, placeOf('key').seed))
    const forged = Buffer.concat([
      bytes.subarray(0, KIND_OFFSET - 9),
      Buffer.from(`${checksum} `),
      words,
    ])
    await at.raw.set('cache:key', forged)
    expect(await cache.get('key')).toBeUndefined()
    expect(foreignValues(cache)).toEqual({ not_authentic: 1 })
    expect(found).toHaveBeenCalledWith('key', 'not_authentic')
    expect(await at.raw.getBuffer('cache:key')).toEqual(forged)
  })
})

describe('values that were stored before encryption', () => {
  test('are misses that the next load replaces', async () => {
    await (await openWith(undefined)).set('key', 'plain')
    const cache = await openWith({ keys })
    expect(await cache.get('key')).toBeUndefined()
    expect(foreignValues(cache)).toEqual({ unencrypted: 1 })
    expect(await cache.getOrSet('key', () => 'loaded')).toBe('loaded')
    expect(await cache.get('key')).toBe('loaded')
    expect(String(await at.raw.get('cache:key'))).not.toContain('loaded')
  })

  test('of the Python version are misses too', async () => {
    await at.raw.set('cache:key', 'rawj:{"a":1}')
    expect(await (await openWith({ keys })).get('key')).toBeUndefined()
  })

  test('are served with allowPlaintextReads', async () => {
    await (await openWith(undefined)).set('key', 'plain')
    await at.raw.set('cache:python', 'rawj:{"a":1}')
    const cache = await openWith({ keys, allowPlaintextReads: true })
    expect(await cache.get('key')).toBe('plain')
    expect(await cache.get('python')).toEqual({ a: 1 })
  })
})

test('a cache without encryption leaves encrypted values alone', async () => {
  await (await openWith({ keys })).set('key', 'secret')
  const before = await at.raw.getBuffer('cache:key')
  const cache = await openWith(undefined)
  expect(await cache.get('key')).toBeUndefined()
  expect(await cache.getOrSet('key', () => 'loaded')).toBe('loaded')
  expect(foreignValues(cache)).toEqual({ encrypted: 2 })
  expect(await at.raw.getBuffer('cache:key')).toEqual(before)
})

describe('the rotation of keys in a running cache', () => {
  test('fails no read in three generations, and destroyed keys make misses', async () => {
    let ring = keys
    const cache = await openWith({ keys: () => ring })
    const other = await openWith({ keys: () => ring })
    const names = Array.from({ length: 50 }, (_, index) => `key ${index}`)
    await cache.setMany(names.map((name) => [name, name]))
    let reads = 0
    const rotation = new AbortController()
    const reader = async (): Promise<void> => {
      while (!rotation.signal.aborted) {
        const name = names[reads++ % names.length] as string
        expect(await other.get(name)).toBe(name)
      }
    }
    const readers = [reader(), reader(), reader()]
    for (let generation = 0; generation < 3; generation++) {
      ring = ring.add()
      ring = ring.promote(ring.keys.at(-1)?.id ?? '')
      for (const name of names) await cache.set(name, name)
    }
    rotation.abort()
    await Promise.all(readers)
    expect(reads).toBeGreaterThan(100)
    expect(other.getStats()).toMatchObject({ misses: 0, errors: 0 })

    await cache.set('last', 'value')
    const old = ring.primaryId
    ring = ring.add()
    ring = ring.promote(ring.keys.at(-1)?.id ?? '').destroy(old)
    expect(await other.get('last')).toBeUndefined()
    expect(foreignValues(other)).toEqual({ unknown_key: 1 })
    expect(await other.getOrSet('last', () => 'loaded')).toBe('loaded')
    expect(await cache.get('last')).toBe('loaded')
  })
})

test.each([
  ['no keys', {}, 'encryption.keys must be a KeyRing'],
  ['text as keys', { keys: 'secret' }, 'received a string'],
  ['a function without a ring', { keys: () => undefined }, 'received undefined'],
  ['an unknown field', { keys, key: 1 }, 'unknown field key'],
  ['a flag that is not one', { keys, compress: 1 }, 'encryption.compress must be true or false'],
])('%s: the option is rejected', (_case, encryption, message) => {
  const open = (): GenericRedisCache => at.open({ encryption: encryption as never })
  expect(open).toThrow(ConfigurationError)
  expect(open).toThrow(message)
})
