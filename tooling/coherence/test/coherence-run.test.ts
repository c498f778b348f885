import { expect, test } from 'vitest'
import { readArguments } from '../src/arguments.js'
import { THROUGH_REDIS } from '../src/bugs/set-ups.js'
import { runCoherence } from '../src/coherence-run.js'
import { findingsOf, formatReport, operationsOf } from '../src/report.js'

const OPERATIONS = 10_000

test(`${OPERATIONS} operations of four processes without a memory tier are legal during faults`, async () => {
  const { options } = readArguments([
    ...['--no-memory', '--no-loads', '--no-overlap'],
    ...['--operations', String(OPERATIONS), '--fault-count', '1', '--seconds', '60'],
    ...['--faults', THROUGH_REDIS.faults?.join() ?? ''],
  ])
  const report = await runCoherence(options)
  expect(report.histories).toEqual([])
  expect(report.problemTexts).toEqual([])
  expect(findingsOf(report)).toBe(0)
  expect(operationsOf(report)).toBeGreaterThanOrEqual(OPERATIONS)
  // Each acknowledged write is two events, and each hit is one.
  const { hits, writesOk } = report.counts
  expect(hits).toBeGreaterThan(2_000)
  expect(report.events).toBeGreaterThan(hits + 2 * writesOk)
  expect(Object.keys(report.faults)).not.toEqual([])
  expect(formatReport(report)).toContain('findings             none')
}, 90_000)

test('a run with a seeded bug finds it and shows the smallest history', async () => {
  const { options } = readArguments(['--bug', 'delete-in-memory-only', '--seconds', '30'])
  const report = await runCoherence(options)
  expect(findingsOf(report)).toBeGreaterThan(0)
  expect(Object.keys(report.violations).every((kind) => /^(?:stale|own-write)$/u.test(kind))).toBe(
    true,
  )
  expect(report.histories[0]).toMatch(
    /\n.* deletes the key, which creates version .*: acknowledged\n/u,
  )
  // The run stops at the first violation.
  expect(report.seconds).toBeLessThan(20)
}, 60_000)

test('a run with invalid arguments reports the reason', async () => {
  const { options } = readArguments([
    '--faults',
    'nonsense',
    '--no-network-faults',
    '--seconds',
    '1',
  ])
  await expect(runCoherence(options)).rejects.toThrow('there is no fault nonsense')
  expect(() => readArguments(['--seconds', 'ten'])).toThrow(
    '--seconds must be a number of at least 0; received ten',
  )
  expect(() => readArguments(['--bug', 'unknown'])).toThrow('there is no bug unknown')
}, 60_000)
