import { deflateSync } from 'node:zlib'
import { InMemoryCache } from '@verbatim/cache-memory'
import { startRedis, writeCommandsDuring } from '@verbatim/test-support'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CacheMigrationManager, PythonStore } from '../src/index.js'

const redis = await startRedis()
const raw = new Redis(redis.url)
afterAll(async () => {
  raw.disconnect()
  await redis.stop()
})

const manager = new CacheMigrationManager()
/** `pickle.dumps({'a': 1})` of Python 3. */
const PICKLED = Buffer.from('80049508000000000000007d948c0161944b01732e', 'hex')

beforeAll(async () => {
  await raw.set('py:json', 'rawj:{"a":1}', 'PX', 600_000)
  await raw.set('py:compressed', Buffer.concat([Buffer.from('zlib:'), deflateSync('{"b":[2]}')]))
  await raw.set('py:older', Buffer.concat([Buffer.from('compressed:'), deflateSync('"text"')]))
  await raw.set('py:document', JSON.stringify({ _serialized_data: 'rawj:[null]' }))
  await raw.set('py:raw', Buffer.concat([Buffer.from('raw:'), PICKLED]))
  await raw.set(
    'py:zipped pickle',
    Buffer.concat([Buffer.from('compressed:'), deflateSync(PICKLED)]),
  )
  await raw.set('py:bare pickle', PICKLED)
  await raw.set('py:damaged', 'zlib:secret')
  await raw.lpush('py:list', 'a')
  await raw.set('other', 'rawj:1')
})

test('JSON is copied, and every other entry is counted and named', async () => {
  const target = new InMemoryCache()
  const written = await writeCommandsDuring(redis.url, raw, async () => {
    await using store = new PythonStore({ redisUrl: redis.url, keyPrefix: 'py:' })
    const result = await manager.migrate(store, target)
    expect(result).toMatchObject({ success: false, keysMigrated: 4, keysFailed: 5 })
    const pickled = result.errors.filter((error) => error.endsWith('reading it could run code'))
    expect(pickled.toSorted()).toEqual([
      'key "bare pickle": the value is pickled, and reading it could run code',
      'key "raw": the value is pickled, and reading it could run code',
      'key "zipped pickle": the value is pickled, and reading it could run code',
    ])
    expect(result.errors).toContain('key "damaged": the value cannot be decompressed')
    expect(result.errors).toContain('key "list": the key has the type list')
    expect(result.errors.join()).not.toContain('secret')
  })
  expect(written).toEqual([])
  expect(await target.getMany(target.getActiveKeys())).toEqual(
    new Map<string, unknown>([
      ['json', { a: 1 }],
      ['compressed', { b: [2] }],
      ['older', 'text'],
      ['document', [null]],
    ]),
  )
  expect(Number(await target.getTtl('json'))).toBeLessThanOrEqual(600)
})

test('a key that is not UTF-8 and a value that is compressed too often are named', async () => {
  // As text, both names would be the same.
  await raw.set(Buffer.from('odd:\xff', 'latin1'), 'rawj:1')
  await raw.set(Buffer.from('odd:\xfe', 'latin1'), 'rawj:2')
  let nested = Buffer.from('rawj:3')
  for (let level = 0; level < 20; level++) {
    nested = Buffer.concat([Buffer.from('zlib:'), deflateSync(nested)])
  }
  await raw.set('odd:nested', nested)
  await using store = new PythonStore({ redisUrl: redis.url, keyPrefix: 'odd:' })
  const { errors } = await manager.migrate(store, new InMemoryCache())
  expect(errors.toSorted()).toEqual([
    'Migration incomplete: 3 keys could not be read',
    String.raw`key "\\xfe": the key is not text in UTF-8`,
    String.raw`key "\\xff": the key is not text in UTF-8`,
    'key "nested": the value is nested too deeply',
  ])
})

test('the options are checked', () => {
  for (const options of [undefined, {}, { redisUrl: redis.url, keyPrefix: 1 }, { url: 'x' }]) {
    expect(() => new PythonStore(options as never)).toThrow()
  }
})
