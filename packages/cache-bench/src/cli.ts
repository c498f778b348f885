#!/usr/bin/env node
import { createRequire } from 'node:module'
import path from 'node:path'
import { ValidationError } from '@verbatim/cache-core'
import { examples, runCommandLine } from '@verbatim/cache-core/command-line'
import { Command, InvalidArgumentError, Option } from 'commander'
import { CachePerformanceBenchmark } from './benchmark.js'
import { exportResult } from './benchmark-result.js'
import { integer } from './commands/cell-options.js'
import { addCellCommands } from './commands/cells.js'
import { formatTable } from './format-table.js'
import {
  type LoadedCache,
  loadCacheFromModule,
  loadMemoryCache,
  loadRedisCache,
  MAX_KEY_PREFIX_LENGTH,
} from './load-cache.js'
import { MAX_ITEMS, MAX_SEED } from './test-data.js'

interface RunOptions {
  readonly cache?: 'memory' | 'redis'
  readonly module?: string
  readonly redisUrl?: string
  readonly keyPrefix?: string
  readonly l1: boolean
  readonly iterations: number
  readonly warmupIterations?: number
  readonly budget: number
  readonly seed: number
  readonly json?: true
}

const { version }: { version: string } = createRequire(import.meta.url)('../package.json')

await runCommandLine((signal) => {
  const program = new Command('cache-bench')
    .version(version)
    .description('Measures caches, compares them, and finds regressions.')
    .addHelpText('after', examples('cache-bench run --cache memory'))
  program
    .command('run')
    .description('measure set, get and exists with one key after another')
    .addOption(new Option('--cache <name>', 'cache to measure').choices(['memory', 'redis']))
    .addOption(
      new Option(
        '--module <path>',
        'module whose default export is a function that returns a cache',
      )
        .argParser(modulePath)
        .conflicts('cache'),
    )
    .option(
      '--redis-url <url>',
      'server of --cache redis (default: REDIS_URL or redis://127.0.0.1:6379)',
    )
    .option(
      '--key-prefix <text>',
      'key prefix of --cache redis, before the random prefix of the run',
      keyPrefixText,
    )
    .option(
      '--no-l1',
      'disable the memory tier of --cache redis, so that every get reads from Redis',
    )
    .option('--iterations <number>', 'number of keys', integer(1, MAX_ITEMS), 100)
    .option(
      '--warmup-iterations <number>',
      'number of keys before the measured ones (default: 5000, for at most one second)',
      integer(0, MAX_ITEMS),
    )
    .option('--budget <ms>', 'milliseconds of each measurement', integer(20, 60_000), 300)
    .option('--seed <number>', 'seed of the test data', integer(1, MAX_SEED), 1)
    .option('--json', 'print the result as JSON instead of a table')
    .addHelpText(
      'after',
      examples(
        'cache-bench run --cache memory',
        'cache-bench run --cache redis --redis-url redis://127.0.0.1:6379 --no-l1',
        'cache-bench run --module ./my-cache.js --iterations 1000 --json',
      ),
    )
    .action((options: RunOptions) => run(options, signal))
  addCellCommands(program, signal)
  return program
})

async function run(options: RunOptions, signal: AbortSignal): Promise<void> {
  assertFlagsFit(options)
  const { iterations, warmupIterations, budget, seed } = options
  const benchmark = new CachePerformanceBenchmark({ warmupIterations, seed })
  const cache = await loadCache(options)
  try {
    const result = await benchmark.benchmarkBasicOperations(cache, {
      iterations,
      budgetMs: budget,
      cacheName: cacheNameOf(options),
      signal,
    })
    const output = options.json
      ? JSON.stringify(exportResult(result), null, 2)
      : formatTable([result])
    process.stdout.write(`${output}\n`)
  } finally {
    await cache.close?.()
  }
}

/**
 * Rejects flags of `--cache redis` for all other caches.
 *
 * @throws ValidationError
 */
function assertFlagsFit({ cache, module, redisUrl, keyPrefix, l1 }: RunOptions): void {
  const other = module === undefined ? cache : 'module'
  if (other === undefined || other === 'redis') return
  const flags = [
    ...(redisUrl === undefined ? [] : ['--redis-url']),
    ...(keyPrefix === undefined ? [] : ['--key-prefix']),
    ...(l1 ? [] : ['--no-l1']),
  ]
  if (flags.length === 0) return
  const received = other === 'module' ? '--module' : '--cache memory'
  throw new ValidationError(
    `${flags.join(' and ')} must be given with --cache redis; received ${received}`,
  )
}

async function loadCache(options: RunOptions): Promise<LoadedCache> {
  const { cache, module, redisUrl, keyPrefix = '', l1 } = options
  if (module !== undefined) return loadCacheFromModule(module)
  if (cache === 'memory') return loadMemoryCache()
  if (cache === 'redis') return loadRedisCache({ redisUrl, keyPrefix, enableL1Cache: l1 })
  throw new ValidationError(
    'one of --cache memory, --cache redis and --module <path> must be given; received none',
  )
}

function cacheNameOf({ cache, module, l1 }: RunOptions): string | undefined {
  if (module !== undefined) return path.basename(module)
  return cache === 'redis' && !l1 ? 'redis without L1' : cache
}

function modulePath(text: string): string {
  if (text.trim() !== '') return text
  throw new InvalidArgumentError('must be a path; received a blank text')
}

function keyPrefixText(text: string): string {
  if (text.length <= MAX_KEY_PREFIX_LENGTH) return text
  const rule = `a text of at most ${MAX_KEY_PREFIX_LENGTH} characters`
  throw new InvalidArgumentError(`must be ${rule}; received ${text.length} characters`)
}
