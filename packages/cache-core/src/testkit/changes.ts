import type { CacheInterface } from '../cache-interface.js'
import { type CacheContract, promises } from './contract.js'

export type Change = (cache: CacheInterface, key: string) => Promise<unknown>

/** The tag that a key has to carry for the change `invalidateTags`. */
const tagOf = (key: string): string => `tag of ${key}`

/** Every way to remove a key that the implementation has, by name. */
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

/** Options for a load of a key that any removal reaches. */
export function tagged(contract: CacheContract, key: string): { tags?: readonly string[] } {
  return promises(contract, 'tags') ? { tags: [tagOf(key)] } : {}
}
