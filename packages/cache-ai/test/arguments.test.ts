import { ConfigurationError, ValidationError } from '@verbatim/cache-core'
import { afterAll, describe, expect, test } from 'vitest'
import { AIResponseCache, CacheKeyGenerator } from '../src/index.js'

const cache = new AIResponseCache()
afterAll(() => cache.close())
const request = { text: 'text', operation: 'qa' }
const compute = (): number => 1

/** Calls a method as JavaScript can. */
function invoke(
  name: 'cacheResponse' | 'invalidateByModel' | 'invalidateTags' | 'forget',
  ...given: unknown[]
): Promise<unknown> {
  return (cache[name] as (...passed: unknown[]) => Promise<unknown>).apply(cache, given)
}

/** Calls with one argument of a wrong type or with an unknown field, as JavaScript allows them. */
const calls: Record<string, (bad: never) => Promise<unknown>> = {
  cacheResponse: (bad) => cache.cacheResponse(bad),
  getCachedResponse: (bad) => cache.getCachedResponse(bad),
  'getCachedResponse options': (bad) => cache.getCachedResponse(request, bad),
  getOrCompute: (bad) => cache.getOrCompute(bad, compute),
  'getOrCompute loader': (bad) => cache.getOrCompute(request, bad),
  'getOrCompute options': (bad) => cache.getOrCompute(request, compute, bad),
  invalidateByOperation: (bad) => cache.invalidateByOperation(bad),
  'invalidateByOperation options': (bad) => cache.invalidateByOperation('qa', bad),
  invalidatePattern: (bad) => cache.invalidatePattern(bad),
  'invalidatePattern options': (bad) => cache.invalidatePattern('*', bad),
  invalidateByModel: (bad) => cache.invalidateByModel(bad),
  invalidateTags: (bad) => cache.invalidateTags(bad),
  forget: (bad) => cache.forget(bad),
  getCacheStats: (bad) => cache.getCacheStats(bad),
  getMany: (bad) => cache.getMany(bad),
  deleteMany: (bad) => cache.deleteMany(bad),
  buildKey: async (bad) => cache.buildKey(bad, 'qa'),
  'buildKey operation': async (bad) => cache.buildKey('text', bad),
  'buildKey options': async (bad) => cache.buildKey('text', 'qa', bad),
  'buildKey question': async (bad) => cache.buildKey('text', 'qa', {}, bad),
  'buildKey tenant': async (bad) => cache.buildKey('text', 'qa', {}, undefined, bad),
}

describe('an argument of a wrong type is rejected with a ValidationError', () => {
  test.each(Object.entries(calls))('%s', async (_name, call) => {
    for (const bad of [null, 7, true, 1n, Symbol('symbol'), new Map(), new Date()]) {
      await expect(call(bad as never)).rejects.toThrow(ValidationError)
    }
  })
})

test.each<[string, () => Promise<unknown>]>([
  ['tenants', () => cache.getCachedResponse({ ...request, tenants: 'ada' } as never)],
  ['quesion', () => cache.getOrCompute({ ...request, quesion: 'Why?' } as never, compute)],
  ['tll', () => cache.cacheResponse({ ...request, response: 1, tll: 5 } as never)],
  ['tenent', () => cache.invalidateByOperation('qa', { tenent: 'ada' } as never)],
  ['shap', () => cache.getCachedResponse(request, { shap: 'flat' } as never)],
  ['countKey', () => cache.getCacheStats({ countKey: false } as never)],
  ['timeOut', () => cache.getOrCompute(request, compute, { timeOut: 5 } as never)],
])('the error names the unknown field %s', async (field, call) => {
  await expect(call()).rejects.toThrow(ValidationError)
  await expect(call()).rejects.toThrow(`must not have the unknown field ${field}. Did you mean`)
})

test.each<[string, string, () => Promise<unknown>]>([
  ['cacheResponse', 'ttl', () => invoke('cacheResponse', { ...request, response: 1 }, { ttl: 5 })],
  ['invalidateByModel', 'tenant', () => invoke('invalidateByModel', 'gpt-4', { tenant: 'ada' })],
  ['invalidateTags', 'tenant', () => invoke('invalidateTags', ['news'], { tenant: 'ada' })],
  ['forget', 'operation', () => invoke('forget', 'ada', { operation: 'qa' })],
])('%s rejects options and names the field %s', async (name, field, attempt) => {
  await expect(attempt()).rejects.toThrow(ValidationError)
  await expect(attempt()).rejects.toThrow(
    `${name} must be called without options; received an object with ${field}`,
  )
})

test('forget ignores the further arguments that map passes', async () => {
  const forget = (...passed: unknown[]): Promise<unknown> => invoke('forget', ...passed)
  expect(await Promise.all(['ada', 'charles'].map(forget))).toEqual([0, 0])
})

test.each<[string, string]>([
  ['', 'an empty string'],
  ['x'.repeat(65), 'a string'],
])('the constructor rejects the operation %j in operationTtls', (operation, received) => {
  const attempt = (): unknown => new AIResponseCache({ operationTtls: { [operation]: 5 } })
  expect(attempt).toThrow(ConfigurationError)
  expect(attempt).toThrow(
    `each operation of operationTtls must be a string of 1 to 64 characters; received ${received}`,
  )
})

test('the constructors name an unknown option', () => {
  for (const options of [null, 'redis://host', 7, { redisURL: 'x' }] as never[]) {
    expect(() => new AIResponseCache(options)).toThrow(ConfigurationError)
    expect(() => new CacheKeyGenerator(options)).toThrow(ConfigurationError)
  }
})

test.each([
  ['operation_ttls', 'operationTtls'],
  ['keyStlye', 'keyStyle'],
  ['hashAlgoritm', 'hashAlgorithm'],
  ['textHashTreshold', 'textHashThreshold'],
  ['redisURLs', 'redisUrl'],
])('the constructor suggests an option for %s', (written, meant) => {
  const attempt = (): unknown => new AIResponseCache({ [written]: 1 })
  expect(attempt).toThrow(ConfigurationError)
  expect(attempt).toThrow(`unknown field ${written}. Did you mean ${meant}?`)
})

test('the error for a missing computation names compute', async () => {
  const missing = undefined as never
  const message = 'compute must be a function; received undefined'
  await expect(cache.getOrCompute(request, missing)).rejects.toThrow(message)
  await expect(cache.getOrComputeMany([request], missing)).rejects.toThrow(message)
})

test.each(['maxAge', 'staleWhileRevalidate', 'staleIfError'])(
  'the error for %s offers no null, which it refuses',
  async (name) => {
    for (const bad of [-1, null, 'soon']) {
      const error: unknown = await cache
        .getOrCompute(request, compute, { [name]: bad })
        .catch((reason: unknown) => reason)
      expect(String(error)).toContain(`${name} must be seconds as a number, a string such as`)
      expect(String(error)).not.toContain('null for')
    }
  },
)
