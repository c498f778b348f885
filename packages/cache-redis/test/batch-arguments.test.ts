import { expect, test } from 'vitest'
import type { GenericRedisCache } from '../src/index.js'
import { sharedRedis } from './set-up.js'

const at = sharedRedis()

const entries = Array.from({ length: 3_000 }, (_, index) => [`key ${index}`, index] as const)

async function withEntries(): Promise<GenericRedisCache> {
  const cache = await at.openConnected()
  await cache.setMany(entries)
  return cache
}

test('deleteMany removes every key of an array that is emptied right after the call', async () => {
  const cache = await withEntries()
  const keys = entries.map(([key]) => key)
  const removing = cache.deleteMany(keys)
  keys.length = 0
  expect(await removing).toBe(3_000)
  expect(await at.keysOfCallers()).toEqual([])
})

test('getMany reads every key of an array that is emptied right after the call', async () => {
  const cache = await withEntries()
  const keys = entries.map(([key]) => key)
  const result = cache.getMany(keys)
  keys.length = 0
  expect((await result).size).toBe(3_000)
})

test('setMany stores nothing of a large Map that is cleared right after the call', async () => {
  const cache = await at.openConnected()
  const map = new Map(Array.from({ length: 1_000_000 }, (_, index) => [`key ${index}`, index]))
  const storing = cache.setMany(map)
  map.clear()
  await expect(storing).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  expect(await at.keysOfCallers()).toEqual([])
})

test.each([10, 2_500])(
  'setMany stores all of %i entries that a generator returns in one pair',
  async (count) => {
    const cache = await at.openConnected()
    await cache.setMany(
      (function* (): Generator<[string, number]> {
        const pair: [string, number] = ['', 0]
        for (let index = 0; index < count; index++) {
          pair[0] = `key ${index}`
          pair[1] = index
          yield pair
        }
      })(),
    )
    const keys = Array.from({ length: count }, (_, index) => `key ${index}`)
    const found = await cache.getMany<number>(keys)
    expect(keys.map((key) => found.get(key))).toEqual(keys.map((_, index) => index))
  },
)

test('setMany stores the entries of pairs that are changed right after the call', async () => {
  const cache = await at.openConnected()
  const pairs = entries.slice(0, 50).map(([key, value]): [string, number] => [key, value])
  const storing = cache.setMany(pairs)
  for (const pair of pairs) pair[1] = -1
  await storing
  expect([...(await cache.getMany(pairs.map(([key]) => key))).values()]).not.toContain(-1)
})
