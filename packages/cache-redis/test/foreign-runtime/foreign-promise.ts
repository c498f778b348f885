// Runs in a process of its own: replaces the global Promise, uses the cache, prints what it returned.

const [runtime, redisUrl] = process.argv.slice(2)
const native = Promise
if (runtime === 'zone.js') await import('zone.js/node')
else globalThis.Promise = (await import('bluebird')).default
if (globalThis.Promise === native) throw new Error('Promise was not replaced')
const { GenericRedisCache } = await import('../../src/index.js')

const options = { redisUrl: redisUrl as string, keyPrefix: `${runtime}:` }
const cache = new GenericRedisCache(options)
const other = new GenericRedisCache(options)
const big = 'x'.repeat(100_000)

const answers: Record<string, unknown> = {}
async function record(name: string, run: () => Promise<unknown>): Promise<void> {
  answers[name] = await run().then(
    (answer) => answer,
    (error: unknown) => String(error),
  )
}

await record('connect', () => cache.connect())
await record('large load', async () => (await cache.getOrSet('big', async () => big)).length)
await record('large read', async () => (await other.get<string>('big'))?.length)
await record('huge write', () => cache.set('huge', Array(300_000).fill('text')))
await record('huge read', async () => (await other.get<string[]>('huge'))?.length)
await record('tags', async () => {
  await cache.set('tagged', 1, { tags: ['x'] })
  return other.get('tagged')
})
await record('many', async () => (await other.getMany(['big', 'tagged', 'none'])).size)
await record('loads', () =>
  Promise.all([1, 2, 3].map(() => other.getOrSet('loaded', async () => 'value'))),
)
await record('scan', async () => {
  const keys: string[] = []
  for await (const key of cache.scan('*')) keys.push(key)
  return keys.toSorted()
})
await record('clear', () => cache.clear())
await record('mode', async () => cache.getStats().mode)
await cache.close()
await other.close()
process.stdout.write(`${JSON.stringify(answers)}\n`)
