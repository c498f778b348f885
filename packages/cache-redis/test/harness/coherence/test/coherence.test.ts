import { expect, test } from 'vitest'
import { runCoherence } from '../coherence-run.js'
import { faultsOf, findingsOf, formatReport, operationsOf } from '../report.js'
import { DEFAULT_OPTIONS } from '../run-options.js'

/** In full on one release of Node; what the others would find is found in a moment. */
const IS_FULL = process.version.startsWith('v20.')
const OPTIONS = IS_FULL ? DEFAULT_OPTIONS : { ...DEFAULT_OPTIONS, seconds: 5 }
const LEAST = IS_FULL
  ? { operations: 500_000, faults: 40, kinds: 8 }
  : { operations: 5_000, faults: 1, kinds: 1 }

test('what processes read through their caches amid faults is what may have been there', async () => {
  const report = await runCoherence(OPTIONS)
  console.log(formatReport(report))
  expect(report.histories).toEqual([])
  expect(report.troubleTexts).toEqual([])
  expect(findingsOf(report)).toBe(0)
  expect(operationsOf(report)).toBeGreaterThanOrEqual(LEAST.operations)
  expect(faultsOf(report)).toBeGreaterThanOrEqual(LEAST.faults)
  expect(Object.keys(report.faults).length).toBeGreaterThanOrEqual(LEAST.kinds)
}, 300_000)
