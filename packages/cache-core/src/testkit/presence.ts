import type { CacheInterface } from '../cache-interface.js'
import { type CacheContract, promises } from './contract.js'
import { expect } from './test-runner.js'

/** Fails unless a key is gone, in every way of asking that the implementation has. */
export async function expectGone(
  contract: CacheContract,
  cache: CacheInterface,
  key: string,
): Promise<void> {
  expect(await cache.get(key), `get('${key}')`).toBeUndefined()
  expect(await cache.exists(key), `exists('${key}')`).toBe(false)
  expect(await cache.getMany([key]), `getMany(['${key}'])`).toEqual(new Map())
  if (promises(contract, 'getTtl')) {
    expect(await cache.getTtl(key), `getTtl('${key}')`).toBeUndefined()
  }
  if (promises(contract, 'scan')) expect(await listed(cache), 'scan()').not.toContain(key)
}

/** Fails unless a key has this value, in every way of asking that the implementation has. */
export async function expectThere(
  contract: CacheContract,
  cache: CacheInterface,
  key: string,
  value: unknown,
): Promise<void> {
  expect(await cache.get(key), `get('${key}')`).toEqual(value)
  expect(await cache.exists(key), `exists('${key}')`).toBe(true)
  expect(await cache.getMany([key]), `getMany(['${key}'])`).toEqual(new Map([[key, value]]))
  if (promises(contract, 'getTtl')) {
    expect(await cache.getTtl(key), `getTtl('${key}')`).not.toBeUndefined()
  }
  if (promises(contract, 'scan')) expect(await listed(cache), 'scan()').toContain(key)
}

export async function listed(cache: CacheInterface, pattern?: string): Promise<string[]> {
  const keys: string[] = []
  for await (const key of cache.scan(pattern)) keys.push(key)
  return keys
}
