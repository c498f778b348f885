import { expect, test } from 'vitest'
import { exportResult, performanceGrade } from '../src/index.js'
import { clockworkResult } from './clockwork-cache.js'

test('an export has snake_case names and survives JSON', async () => {
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

test.each([
  [0, 'Excellent'],
  [5, 'Excellent'],
  [5.1, 'Good'],
  [25, 'Good'],
  [25.1, 'Acceptable'],
  [50, 'Acceptable'],
  [50.1, 'Poor'],
  [100, 'Poor'],
  [100.1, 'Critical'],
])('the grade of an average of %d ms is %s', (avgDurationMs, grade) => {
  expect(performanceGrade(avgDurationMs)).toBe(grade)
})
