import { expect, test } from 'vitest'
import type { GenericRedisCache } from '../src/index.js'
import { sharedRedis } from './set-up.js'

/** A worker thread encodes this value, so that later calls are ready first. */
const LARGE = 'verbatim '.repeat(500_000)

const SLOW_WRITES: [name: string, write: (cache: GenericRedisCache) => Promise<void>][] = [
  ['set', (cache) => cache.set('key', LARGE)],
  ['setMany', (cache) => cache.setMany([['key', LARGE]])],
]

const at = sharedRedis()

/** Returns what the writing cache reads, and what another process reads. */
async function readEverywhere(cache: GenericRedisCache): Promise<unknown[]> {
  return [await cache.get('key'), await at.open().get('key')]
}

test('of two sets at once the later call wins in both tiers', async () => {
  const cache = await at.openConnected()
  await Promise.all([cache.set('key', LARGE), cache.set('key', 'small')])
  expect(await readEverywhere(cache)).toEqual(['small', 'small'])
})

test.each(SLOW_WRITES)(
  'a load that is ready before an earlier %s does not take its place',
  async (_name, write) => {
    const cache = await at.openConnected()
    const written = write(cache)
    expect(await cache.getOrSet('key', () => 'loaded')).toBe('loaded')
    await written
    expect(await readEverywhere(cache)).toEqual([LARGE, LARGE])
  },
)

test.each(SLOW_WRITES)(
  'an add that finds a value does not keep an earlier %s from being stored',
  async (_n, write) => {
    await at.open().set('key', 'old')
    const cache = await at.openConnected()
    const written = write(cache)
    expect(await cache.add('key', 'added')).toBe(false)
    await written
    expect(await readEverywhere(cache)).toEqual([LARGE, LARGE])
  },
)

test('an add that is ready before an earlier set is followed by that set', async () => {
  const cache = await at.openConnected()
  const written = cache.set('key', LARGE)
  expect(await cache.add('key', 'added')).toBe(true)
  await written
  expect(await readEverywhere(cache)).toEqual([LARGE, LARGE])
})

test('an add is stored although a load of the key is refused during it', async () => {
  const cache = await at.openConnected()
  let load = (_value: string): void => undefined
  const loaded = cache.getOrSet('key', () => new Promise<string>((resolve) => (load = resolve)))
  await expect.poll(() => cache.exists('key')).toBe(false)
  await at.open().delete('key')
  const added = cache.add('key', LARGE)
  load('loaded')
  await loaded
  expect(await added).toBe(true)
  expect(await readEverywhere(cache)).toEqual([LARGE, LARGE])
})
