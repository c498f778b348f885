import { expect, test } from 'vitest'
import {
  calculateOverallScore,
  exportSuite,
  getOperationResult,
  meetsThreshold,
  memoryEfficiencyGrade,
  suiteGrade,
} from '../src/index.js'
import { resultWith, suiteWith } from './results.js'

test.each([
  [[20, 2], [5, 2], 1, 93.8],
  [[300], [200], 0.5, 15],
  [[0], [0], 1, 100],
  [[100], [100], 0, 0],
  [[50], [50], 0.5, 50],
  [[], [], 1, 0],
])(
  'the score of averages of %j ms, memory of %j MiB and a pass rate of %d is %d',
  (averages, megabytes, passRate, score) => {
    const results = averages.map((avgDurationMs, index) =>
      resultWith({ avgDurationMs, memoryUsageMb: megabytes[index] ?? 0 }),
    )
    expect(calculateOverallScore({ results, passRate })).toBeCloseTo(score, 9)
  },
)

test.each([
  [['Excellent', 'Excellent'], 'Excellent'],
  [['Excellent', 'Good'], 'Excellent'],
  [['Good', 'Good'], 'Good'],
  [['Good', 'Acceptable'], 'Good'],
  [['Acceptable', 'Poor'], 'Acceptable'],
  [['Poor', 'Critical'], 'Poor'],
  [['Critical', 'Critical', 'Poor'], 'Critical'],
  [[], 'No Data'],
] as const)('the grade of %j is %s', (grades, grade) => {
  expect(suiteGrade(grades.map((performanceGrade) => resultWith({ performanceGrade })))).toBe(grade)
})

test.each([
  [[10], 'Excellent'],
  [[10.1], 'Good'],
  [[25], 'Good'],
  [[25.1], 'Acceptable'],
  [[50], 'Acceptable'],
  [[0, 101], 'Poor'],
  [[100], 'Poor'],
  [[100.1], 'Critical'],
  [[], 'No Data'],
])('the memory grade of increases of %j MiB is %s', (megabytes, grade) => {
  expect(
    memoryEfficiencyGrade(megabytes.map((memoryUsageMb) => resultWith({ memoryUsageMb }))),
  ).toBe(grade)
})

test.each([
  [5, 5, true],
  [5.1, 5, false],
])('an average of %d ms meets a limit of %d ms: %s', (avgDurationMs, limit, isMet) => {
  expect(meetsThreshold(resultWith({ avgDurationMs }), limit)).toBe(isMet)
})

test('a suite finds the result of a scenario', () => {
  const result = resultWith({ operationType: 'compression_efficiency' })
  const suite = suiteWith([resultWith(), result])
  expect(getOperationResult(suite, 'compression_efficiency')).toBe(result)
  expect(getOperationResult(suite, 'memory_cache_performance')).toBeUndefined()
})

test('an exported suite has snake_case names at every depth and survives JSON', () => {
  const exported = exportSuite(suiteWith([resultWith({ samplesMs: [1, 2] })]))
  expect(JSON.parse(JSON.stringify(exported))).toEqual(exported)
  expect(exported).toMatchObject({
    overall_score: 98,
    pass_rate: 1,
    results: [{ avg_duration_ms: 2, samples_ms: [1, 2], metadata: { warmup_iterations: 0 } }],
    environment_info: { cpu_count: 2, environment_variables: {} },
  })
})
