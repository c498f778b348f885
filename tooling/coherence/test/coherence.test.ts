import { expect, test } from 'vitest'
import { runCoherence } from '../src/coherence-run.js'
import { faultsOf, findingsOf, formatReport, operationsOf } from '../src/report.js'
import { DEFAULT_OPTIONS } from '../src/run-options.js'

/** A short run. `pnpm coherence` and `pnpm coherence:nightly` find more. */
const OPTIONS = { ...DEFAULT_OPTIONS, seconds: 15, coldKeys: 512, snapshotSeconds: 2 }

test('the reads of several processes are legal during faults', async () => {
  const report = await runCoherence(OPTIONS)
  console.log(formatReport(report))
  expect(report.histories).toEqual([])
  expect(report.problemTexts).toEqual([])
  expect(findingsOf(report)).toBe(0)
  expect(operationsOf(report)).toBeGreaterThan(5_000)
  expect(faultsOf(report)).toBeGreaterThanOrEqual(2)
}, 90_000)
