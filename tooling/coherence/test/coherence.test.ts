import { expect, test } from 'vitest'
import { runCoherence } from '../src/coherence-run.js'
import { faultsOf, findingsOf, formatReport, operationsOf } from '../src/report.js'
import { DEFAULT_OPTIONS } from '../src/run-options.js'

/** What fits into a test. `pnpm coherence` and `pnpm coherence:nightly` find what this does not. */
const OPTIONS = { ...DEFAULT_OPTIONS, seconds: 15, coldKeys: 512, snapshotSeconds: 2 }

test('processes read through their caches, amid faults, what may have been there', async () => {
  const report = await runCoherence(OPTIONS)
  console.log(formatReport(report))
  expect(report.histories).toEqual([])
  expect(report.problemTexts).toEqual([])
  expect(findingsOf(report)).toBe(0)
  expect(operationsOf(report)).toBeGreaterThan(5_000)
  expect(faultsOf(report)).toBeGreaterThanOrEqual(2)
}, 90_000)
