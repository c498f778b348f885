import { AIResponseCache } from '@verbatim/cache-ai'
import { CacheCompatibilityWrapper } from '@verbatim/cache-ai/legacy'
import { CacheError, CacheInterface, ValidationError } from '@verbatim/cache-core'
import { toMilliseconds } from '@verbatim/cache-core/implement'
import { InMemoryCache } from '@verbatim/cache-memory'
import { estimateEntryBytes } from '@verbatim/cache-memory/implement'
import { CacheMigrationManager } from '@verbatim/cache-migration'
import { CachePerformanceMonitor } from '@verbatim/cache-monitoring'
import { Dashboard } from '@verbatim/cache-monitoring/dashboard'
import { OpenTelemetryMonitor } from '@verbatim/cache-monitoring/otel'
import { prometheusRegistry } from '@verbatim/cache-monitoring/prometheus'
import { MonitorView } from '@verbatim/cache-monitoring/watch'
import { GenericRedisCache } from '@verbatim/cache-redis'

/** Large enough to be converted in a worker thread. */
const LARGE = 'x'.repeat(3_000_000)

let workers = 0
process.on('worker', () => {
  workers += 1
})

async function main(): Promise<void> {
  const memory = new InMemoryCache({ defaultTtl: '1h' })
  await memory.set('answer', { is: 42 })
  check('memory', (await memory.get<{ is: number }>('answer'))?.is === 42)
  check('instanceof of a cache', memory instanceof CacheInterface)

  check('implement', toMilliseconds('1s') === 1_000 && estimateEntryBytes('key', 'value') > 0)

  const refusal: unknown = await memory.set('', 1).catch((error: unknown) => error)
  check(
    'instanceof of an error',
    refusal instanceof ValidationError && refusal instanceof CacheError,
  )

  const redis = new GenericRedisCache({
    redisUrl: process.env['REDIS_URL'],
    keyPrefix: `importer-${process.pid}:`,
    enableL1Cache: false,
  })
  await redis.set('large', [LARGE])
  check('redis', (await redis.get<string[]>('large'))?.[0] === LARGE)
  check('worker threads', workers > 0)
  await redis.clear()
  await redis.close()

  const answers = new AIResponseCache()
  const { response } = await answers.getOrCompute({ text: 'A text.', operation: 'qa' }, () => 'yes')
  check('ai', response === 'yes')
  const wrapped = new CacheCompatibilityWrapper(answers, { emitWarnings: false })
  check('legacy', wrapped instanceof AIResponseCache && wrapped.get_cache_hit_ratio() === 0)
  await answers.close()

  const monitor = new CachePerformanceMonitor()
  monitor.recordCacheOperationTime({ operation: 'get', duration: 0.002, cacheHit: true })
  check('monitoring', monitor.getPerformanceStats().cacheHitRate === 100)
  check('prometheus', (await prometheusRegistry(monitor).metrics()).includes('verbatim_cache'))
  const dashboard = new Dashboard({ monitor, caches: { memory } })
  const page = await dashboard.fetch(new Request('http://localhost/'))
  check('dashboard', (await page.text()).includes('assets/dashboard.js'))
  dashboard.close()
  for (const made of [new OpenTelemetryMonitor(), new MonitorView({ title: 'test' })]) {
    check('monitors', typeof made === 'object')
  }
  // No benchmark: its harness imports modules of other runtimes, and nobody bundles one.
  check('migration', typeof new CacheMigrationManager() === 'object')
  console.log('ok')
}

function check(what: string, isRight: boolean): void {
  if (!isRight) throw new Error(`${what} does not work`)
}

main().catch((error: unknown) => {
  console.error(error)
  process.exitCode = 1
})
