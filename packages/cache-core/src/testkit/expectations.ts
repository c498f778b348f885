import type { CacheInterface } from '../cache-interface.js'
import { ValidationError } from '../errors.js'
import { type CacheContract, promises } from './contract.js'
import { expect } from './test-runner.js'

/** Fails unless a key is absent for every method of the implementation. */
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

/** Fails unless a key has this value for every method of the implementation. */
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

/** Returns the keys that scan lists. */
export async function listed(cache: CacheInterface, pattern?: string): Promise<string[]> {
  const keys: string[] = []
  for await (const key of cache.scan(pattern)) keys.push(key)
  return keys
}

/** Fails unless the call rejects with a ValidationError with this code. */
export async function refuses(call: () => Promise<unknown>, code: string): Promise<void> {
  const refusal = await reasonOf(call())
  expect(refusal).toBeInstanceOf(ValidationError)
  expect(refusal).toMatchObject({ code })
}

/** Returns the reason of a rejected promise. Handles the rejection at once. */
export function reasonOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => unreachable('the promise was not rejected'),
    (error: unknown) => error,
  )
}

/** Fails the test. Called at places that a correct cache never reaches. */
export function unreachable(message: string): never {
  throw new Error(message)
}
