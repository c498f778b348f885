import { expect, test } from 'vitest'
import { Staleness } from '../../src/checker/staleness.js'
import { Version } from '../../src/checker/version.js'
import { MILLISECOND } from '../../src/clock.js'

const write = (number: number): Version => new Version({ writer: 0, number }, 'set', 0, 0, 1)

test('counts stale reads by their staleness', () => {
  const staleness = new Staleness()
  for (const milliseconds of [0.5, 1, 3, 4, 700, 60_000]) {
    staleness.observe(milliseconds * MILLISECOND, undefined)
  }
  const { histogram, longestMs } = staleness.report()
  expect(histogram.filter(({ reads }) => reads > 0)).toEqual([
    { upToMs: 1, reads: 2 },
    { upToMs: 5, reads: 2 },
    { upToMs: 1_000, reads: 1 },
    { upToMs: Number.POSITIVE_INFINITY, reads: 1 },
  ])
  expect(longestMs).toBe(60_000)
})

test('counts an ignored write once for each time limit', () => {
  const staleness = new Staleness()
  const [soon, late] = [write(1), write(2)]
  for (const milliseconds of [50, 99, 100]) staleness.observe(milliseconds * MILLISECOND, soon)
  for (const milliseconds of [150, 900, 1_100, 1_200]) {
    staleness.observe(milliseconds * MILLISECOND, late)
  }
  expect(staleness.report().inconsistentWrites).toEqual([
    { afterMs: 100, writes: 1 },
    { afterMs: 1_000, writes: 1 },
    { afterMs: 5_000, writes: 0 },
  ])
})
