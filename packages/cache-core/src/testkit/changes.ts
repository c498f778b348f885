import type { CacheInterface } from '../cache-interface.js'
import { type CacheContract, promises } from './contract.js'

export type Change = (cache: CacheInterface, key: string) => Promise<unknown>

/** Returns the tag of a key for the change `invalidateTags`. */
const tagOf = (key: string): string => `tag of ${key}`

/** Returns every method of the implementation that removes a key, by name. */
export function removals(contract: CacheContract): [name: string, remove: Change][] {
  const ways: [name: string, remove: Change][] = [
    ['delete', (cache, key) => cache.delete(key)],
    ['deleteMany', (cache, key) => cache.deleteMany(['another', key])],
  ]
  if (promises(contract, 'scan')) {
    ways.push([
      'invalidatePattern',
      (cache, key) => cache.invalidatePattern(`${key.slice(0, -1)}?`),
    ])
    ways.push(['clear', (cache) => cache.clear()])
  }
  if (promises(contract, 'tags')) {
    ways.push(['invalidateTags', (cache, key) => cache.invalidateTags([tagOf(key)])])
  }
  return ways
}

/** Returns options for a load of a key, so that each of the {@link removals} affects it. */
export function tagged(contract: CacheContract, key: string): { tags?: readonly string[] } {
  return promises(contract, 'tags') ? { tags: [tagOf(key)] } : {}
}
