import { ManualClock } from '@verbatim/cache-core'
import { expect, test } from 'vitest'
import {
  type BenchmarkResult,
  CachePerformanceBenchmark,
  exportResult,
  formatTable,
} from '../src/index.js'
import { ClockworkCache } from './clockwork-cache.js'

async function clockworkResult(cacheName: string): Promise<BenchmarkResult> {
  const clock = new ManualClock()
  const benchmark = new CachePerformanceBenchmark({ clock })
  const result = await benchmark.benchmarkBasicOperations(new ClockworkCache(clock), { cacheName })
  const environment = {
    platform: 'linux x64',
    runtimeVersion: 'Node.js 20.19.0',
    processor: 'Some CPU',
    cpuCount: 2,
  }
  return {
    ...result,
    memoryPeakMb: 50,
    memoryUsageMb: 1.25,
    metadata: { ...result.metadata, environment },
  }
}

test('a table has a row for each operation and says where the figures come from', async () => {
  const table = formatTable([await clockworkResult('first'), await clockworkResult('second')])
  const cells = table.split('\n').map((line) =>
    line
      .split('│')
      .map((cell) => cell.trim())
      .filter((cell) => cell !== ''),
  )
  expect(cells).toContainEqual(
    'cache|operation|ops/s|avg ms|min ms|p95 ms|p99 ms|max ms|std dev ms'.split('|'),
  )
  for (const name of ['first', 'second']) {
    expect(cells).toContainEqual(`${name}|set|250|4|4|4|4|4|0`.split('|'))
  }
  expect(cells).toContainEqual('get|500|2|2|2|2|2|0'.split('|'))
  expect(cells).toContainEqual('exists|1,000|1|1|1|1|1|0'.split('|'))
  expect(cells).toContainEqual('all three|143|7|7|7|7|7|0'.split('|'))
  expect(cells).toContainEqual(['Good: 100 iterations after 143 to warm up, seed 1'])
  expect(cells).toContainEqual(['succeeded 100 %, hit rate 100 %'])
  expect(cells).toContainEqual(['memory peak 50.0 MB, 1.3 MB above the start'])
  expect(cells).toContainEqual(['Node.js 20.19.0, linux x64, 2 x Some CPU'])
})

test('an export has the names of the original, and survives JSON', async () => {
  const exported = exportResult(await clockworkResult('first'))
  expect(JSON.parse(JSON.stringify(exported))).toEqual(exported)
  expect(exported).toMatchObject({
    operation_type: 'basic_operations',
    cache_name: 'first',
    avg_duration_ms: 7,
    p95_duration_ms: 7,
    std_dev_ms: 0,
    operations_per_second: expect.closeTo(142.857, 3),
    memory_peak_mb: 50,
    cache_hit_rate: 100,
    performance_grade: 'Good',
    operations: { exists: { avg_duration_ms: 1 } },
    metadata: { warmup_iterations: 143, seed: 1, environment: { cpu_count: 2 } },
  })
})
