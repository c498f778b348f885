import { describe, expect, test } from 'vitest'
import { type GenericRedisCache, type GenericRedisCacheOptions, KeyRing } from '../../src/index.js'
import { sharedRedis } from '../set-up.js'

const at = sharedRedis({ enableL1Cache: false })

const old = KeyRing.generate()
/** Reads what `old` encrypts, and encrypts with another key. */
const next = promoted(old)
const NONE = { reencrypted: 0, current: 0, unencrypted: 0, superseded: 0, unreadable: {} }

function promoted(ring: KeyRing): KeyRing {
  const added = ring.add()
  return added.promote(added.keys.at(-1)?.id ?? '')
}

function openWith(
  keys: KeyRing | undefined,
  options: GenericRedisCacheOptions = {},
): Promise<GenericRedisCache> {
  return at.openConnected({ encryption: keys && { keys }, ...options })
}

describe.each<[name: string, denied: string[]]>([
  ['with scripts', []],
  ['with plain commands', ['-eval', '-evalsha']],
])('reencrypt, %s,', (_name, denied) => {
  async function openNext(options: GenericRedisCacheOptions = {}): Promise<GenericRedisCache> {
    await at.raw.call(
      'ACL',
      'SETUSER',
      'app',
      'reset',
      'on',
      '>secret',
      '~*',
      '&*',
      '+@all',
      ...denied,
    )
    return openWith(next, { redisUrl: at.redis.url.replace('//', '//app:secret@'), ...options })
  }

  test('encrypts every value with the primary key, and keeps its TTL, revision and tags', async () => {
    const cache = await openWith(old, { compressionThreshold: 100 })
    const compressing = await at.openConnected({ encryption: { keys: old, compress: true } })
    await cache.getOrSet('stale', () => 'old', { ttl: '1ms', staleIfError: '1h' })
    await cache.set('tagged', { text: 'ä key' }, { ttl: '1h', tags: ['ein Täg'] })
    await compressing.set('compressed', 'verbatim '.repeat(1_000), '2h')
    await cache.set('for ever', 1, null)
    const names = await at.keysOfCallers()
    const before = await Promise.all(names.map(headOf))

    const rotated = await openNext()
    expect(await rotated.reencrypt()).toEqual({ ...NONE, reencrypted: 4 })
    expect(await Promise.all(names.map(headOf))).toEqual(before)
    const survivor = await openWith(next.destroy(old.primaryId))
    expect(await survivor.get('tagged')).toEqual({ text: 'ä key' })
    expect(await survivor.get('compressed')).toBe('verbatim '.repeat(1_000))
    expect(await survivor.getTtl('for ever')).toBeNull()
    expect(await survivor.getTtl('tagged')).toBeGreaterThan(3_500)
    await survivor.invalidateTags(['ein Täg'])
    expect(await survivor.get('tagged')).toBeUndefined()
    expect(await rotated.reencrypt()).toEqual({ ...NONE, current: 4 })
  })

  test('counts what it leaves as it is', async () => {
    const strangers = await openWith(KeyRing.generate())
    await strangers.set('of a stranger', 1)
    await (await openWith(undefined)).set('plain', 1)
    await (await openWith(next)).set('current', 1)
    const cache = await openWith(old)
    await cache.set('moved', 1)
    await cache.set('damaged', 'value')
    await cache.set('good', 1)
    await damage('cache:damaged')
    await at.raw.copy('cache:moved', 'cache:another place')
    await at.raw.set('cache:foreign', 'x')
    await at.raw.rpush('cache:list', 'x')
    await at.raw.set('cache:python', 'rawj:1')
    const other = await openWith(old, { keyPrefix: 'cache:other:' })
    await other.set('key', 1)
    const before = await stateOf(
      'cache:of a stranger',
      'cache:plain',
      'cache:damaged',
      'cache:other:key',
    )
    const rotated = await openNext()
    const counts = {
      ...{ reencrypted: 2, current: 1, unencrypted: 1, superseded: 0 },
      unreadable: { unknown_key: 1, damaged: 1 },
    }
    expect(await rotated.reencrypt({ dryRun: true })).toEqual(counts)
    expect(await rotated.get('good')).toBe(1)
    expect(await rotated.reencrypt()).toEqual(counts)
    expect(
      await stateOf('cache:of a stranger', 'cache:plain', 'cache:damaged', 'cache:other:key'),
    ).toEqual(before)
    expect(await rotated.reencrypt()).toEqual({ ...counts, reencrypted: 0, current: 3 })
  })

  test('changes nothing in a dry run, also in a cache with readOnly', async () => {
    await (await openWith(old)).set('key', 'value')
    const before = await at.raw.getBuffer('cache:key')
    const cache = await openNext({ readOnly: true })
    expect(await cache.reencrypt({ dryRun: true })).toEqual({ ...NONE, reencrypted: 1 })
    expect(await at.raw.getBuffer('cache:key')).toEqual(before)
    await expect(cache.reencrypt()).rejects.toMatchObject({ code: 'READ_ONLY' })
  })
})

async function damage(name: string): Promise<void> {
  const bytes = (await at.raw.getBuffer(name)) as Buffer
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1)
  await at.raw.set(name, bytes, 'KEEPTTL')
}

/** Returns what re-encryption must keep: the words of a line without the checksum, and the TTL. */
async function headOf(name: string): Promise<unknown> {
  const bytes = (await at.raw.getBuffer(name)) as Buffer
  const line = bytes.toString('utf8', 0, bytes.indexOf('\n'))
  const [, place, , ...words] = line.split(' ')
  return [place, words, await at.raw.pexpiretime(name)]
}

async function stateOf(...names: string[]): Promise<unknown> {
  return Promise.all(
    names.map(async (name) => [await at.raw.getBuffer(name), await at.raw.pexpiretime(name)]),
  )
}

test('a write or delete in the meantime wins, and no read fails', async () => {
  let ring = old
  const writer = await at.openConnected({ encryption: { keys: () => ring } })
  const reader = await at.openConnected({ encryption: { keys: () => ring }, enableL1Cache: true })
  const keys = Array.from({ length: 40 }, (_, index) => `key ${index}`)
  const last = new Map<string, number>()
  let writes = 0
  const write = async (key: string): Promise<void> => {
    last.set(key, ++writes)
    await writer.set(key, writes)
  }
  for (const key of keys) await write(key)
  const gone = 'gone'
  const work = new AbortController()
  const write10 = async (own: readonly string[]): Promise<void> => {
    for (let turn = 0; !work.signal.aborted; turn++) {
      const key = own[turn % own.length] as string
      await write(key)
      await writer.set(`${gone} ${key}`, turn)
      await writer.delete(`${gone} ${key}`)
      expect(await reader.get<number>(key)).toBeGreaterThanOrEqual(1)
    }
  }
  const writers = [0, 1, 2, 3].map((part) => write10(keys.slice(part * 10, part * 10 + 10)))
  for (let round = 0; round < 5; round++) {
    ring = promoted(ring)
    const { unreadable } = await writer.reencrypt()
    expect(unreadable).toEqual({})
  }
  work.abort()
  await Promise.all(writers)
  const fresh = await at.openConnected({ encryption: { keys: () => ring } })
  for (const key of keys) {
    expect(await fresh.get(key)).toBe(last.get(key))
    expect(await fresh.exists(`${gone} ${key}`)).toBe(false)
  }
  await writer.reencrypt()
  expect(await writer.reencrypt()).toEqual({ ...NONE, current: keys.length })
  for (const { id, isPrimary } of ring.keys) if (!isPrimary) ring = ring.destroy(id)
  for (const key of keys) expect(await fresh.get(key)).toBe(last.get(key))
  expect(writer.getStats().redis.foreignValues).toEqual({})
})

test('needs the option encryption, a Redis, and options that it knows', async () => {
  const cache = await openWith(undefined)
  await expect(cache.reencrypt()).rejects.toMatchObject({ code: 'NOT_ENCRYPTED' })
  const encrypted = await openWith(next)
  await expect(encrypted.reencrypt({ dry: true } as never)).rejects.toThrow('unknown field dry')
  await expect(encrypted.reencrypt({ dryRun: 1 } as never)).rejects.toThrow(
    'dryRun must be true or false',
  )
  const memory = at.open({ redisUrl: undefined, enableL1Cache: true, encryption: { keys: next } })
  await expect(memory.reencrypt()).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
})
