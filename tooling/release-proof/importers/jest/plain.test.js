const PLACES = [
  ...['cache-ai', 'cache-ai/ai-sdk', 'cache-ai/fetch', 'cache-ai/legacy', 'cache-ai/testing'],
  ...['cache-bench', 'cache-core', 'cache-core/implement', 'cache-core/testkit'],
  ...['cache-memory', 'cache-memory/implement', 'cache-migration'],
  ...['cache-monitoring', 'cache-monitoring/dashboard', 'cache-monitoring/otel'],
  ...['cache-monitoring/prometheus', 'cache-monitoring/watch', 'cache-redis'],
]

const { CacheInterface, ValidationError } = require('@verbatim/cache-core')
const { testCacheContract } = require('@verbatim/cache-core/testkit')
const { InMemoryCache } = require('@verbatim/cache-memory')
const { GenericRedisCache } = require('@verbatim/cache-redis')

test.each(PLACES)('require loads @verbatim/%s', (place) => {
  expect(Object.keys(require(`@verbatim/${place}`))).not.toEqual([])
})

test('an error of one package is an instance of a class of another package', async () => {
  await expect(new InMemoryCache().set('', 1)).rejects.toBeInstanceOf(ValidationError)
})

test('a large value survives a round trip through Redis', async () => {
  const redisUrl = process.env.REDIS_URL
  // A busy machine needs longer than 200 ms for so large a value.
  const options = { redisUrl, keyPrefix: 'jest:', enableL1Cache: false, commandTimeout: 10_000 }
  const cache = new GenericRedisCache(options)
  expect(cache).toBeInstanceOf(CacheInterface)
  const value = { text: 'x'.repeat(3_000_000), at: new Date(0), body: structuredClone({ a: [1] }) }
  await cache.set('large', value)
  expect(await cache.get('large')).toEqual(value)
  await cache.clear()
  await cache.close()
})

// In Jest, `import` and `require` load two copies of a package.
if (process.env.VM_MODULES) {
  test('instanceof recognizes errors across ECMAScript modules and CommonJS', async () => {
    const imported = await import('@verbatim/cache-core')
    expect(imported.ValidationError).not.toBe(ValidationError)
    await expect(new InMemoryCache().set('', 1)).rejects.toBeInstanceOf(imported.ValidationError)
    const { toMilliseconds } = await import('@verbatim/cache-core/implement')
    expect(() => toMilliseconds(0)).toThrow(ValidationError)
    expect(new InMemoryCache()).toBeInstanceOf(imported.CacheInterface)
  })
}

testCacheContract('InMemoryCache under Jest', {
  create: () => new InMemoryCache(),
  advance: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
  model: { commands: 50 },
})
