#!/usr/bin/env node
import { createRequire } from 'node:module'
import path from 'node:path'
import { ConfigurationError } from '@verbatim/cache-core'
import { Command, Option } from 'commander'
import { CachePerformanceBenchmark } from './benchmark.js'
import { formatTable } from './format-table.js'
import {
  type LoadedCache,
  loadCacheFromModule,
  loadMemoryCache,
  loadRedisCache,
} from './load-cache.js'
import { exportResult } from './result-export.js'

interface RunOptions {
  readonly cache?: 'memory' | 'redis'
  readonly module?: string
  readonly redisUrl: string
  readonly l1: boolean
  readonly iterations: number
  readonly warmupIterations: number
  readonly seed: number
  readonly json?: true
}

const { version }: { version: string } = createRequire(import.meta.url)('../package.json')

const program = new Command('cache-bench')
  .version(version)
  .description('Measures a cache and prints a table.')
  .configureOutput({ writeErr: complain })

program
  .command('run')
  .description('set, get and check one key after another')
  .addOption(new Option('--cache <name>', 'a cache by name').choices(['memory', 'redis']))
  .addOption(
    new Option('--module <path>', 'a module whose default export makes a cache').conflicts('cache'),
  )
  .addOption(
    new Option('--redis-url <url>', 'where --cache redis connects to')
      .env('REDIS_URL')
      .default('redis://127.0.0.1:6379'),
  )
  .option('--no-l1', 'leave out the memory tier of --cache redis: every get goes to Redis')
  .option('--iterations <number>', 'keys to measure', Number, 100)
  .option('--warmup-iterations <number>', 'keys to go through before', Number, 10)
  .option('--seed <number>', 'of the test data', Number, 1)
  .option('--json', 'print JSON instead of a table')
  .action(run)

try {
  await program.parseAsync()
} catch (error) {
  complain(`error: ${error instanceof Error ? error.message : 'the cache failed'}\n`)
  process.exitCode = 1
}

async function run(options: RunOptions): Promise<void> {
  const { iterations, warmupIterations, seed } = options
  const benchmark = new CachePerformanceBenchmark({ warmupIterations, seed })
  const cache = await loadCache(options)
  try {
    const result = await benchmark.benchmarkBasicOperations(cache, {
      iterations,
      cacheName: cacheNameOf(options),
    })
    const output = options.json
      ? JSON.stringify(exportResult(result), null, 2)
      : formatTable([result])
    process.stdout.write(`${output}\n`)
  } finally {
    await cache.close?.()
  }
}

async function loadCache(options: RunOptions): Promise<LoadedCache> {
  if (options.module !== undefined) return loadCacheFromModule(options.module)
  if (options.cache === 'memory') return loadMemoryCache()
  if (options.cache === 'redis') return loadRedisCache(options.redisUrl, options.l1)
  throw new ConfigurationError('name a cache: --cache memory, --cache redis or --module PATH')
}

function cacheNameOf({ cache, module, l1 }: RunOptions): string | undefined {
  if (module !== undefined) return path.basename(module)
  return cache === 'redis' && !l1 ? 'redis without L1' : cache
}

/** URLs are left out of everything on stderr: they may hold passwords. */
function complain(text: string): void {
  process.stderr.write(text.replaceAll(/\b[a-z][a-z0-9+.-]*:\/\/\S+/gi, '<url>'))
}
