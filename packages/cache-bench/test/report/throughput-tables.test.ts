import { describe, expect, test } from 'vitest'
import type { CellResult, Figure, MeasuredCache, RunReport } from '../../src/cells/run-report.js'
import { formatRun } from '../../src/report/run-tables.js'
import { formatSummary } from '../../src/report/summary-table.js'
import { lostRows, ratioToBest, throughputRows } from '../../src/report/throughput-tables.js'
import { runWith } from '../cells/runs.js'

const SCENARIO = 'throughput, structured, 1 KB'

const cache = (name: string, fields: Partial<MeasuredCache> = {}): MeasuredCache => {
  return { name, tier: 'redis', setup: 'stock', versions: {}, failures: [], ...fields }
}

/** Returns one cell per value: calls per second of get with 64 callers, and twice as many of set. */
function cells(name: string, rates: readonly number[]): CellResult[] {
  return rates.map((rate, process) => {
    const figure = (title: string, value: number): Figure => {
      return { name: title, unit: '1/s', better: 'higher', value }
    }
    const figures = [
      figure('get, 64 callers', rate),
      figure('get, 64 callers: Redis CPU', 2_000),
      figure('get, 64 callers: commands', 0.1),
      figure('set, 64 callers', 2 * rate),
    ]
    return { cache: name, scenario: SCENARIO, process, figures }
  })
}

const RUN: RunReport = {
  ...runWith([]),
  scenarios: [SCENARIO],
  caches: [
    cache('bare client', { isFloor: true }),
    cache('fast'),
    cache('Verbatim', { versions: { '@verbatim/cache-redis': '1.2.3' } }),
    cache('slow'),
  ],
  cells: [
    ...cells('bare client', [900_000]),
    ...cells('fast', [90_000, 100_000, 110_000, 1_000_000]),
    ...cells('Verbatim', [40_000, 50_000, 80_000]),
    ...cells('slow', [10_000]),
  ],
}

describe('tables of throughput', () => {
  test('compare the medians with the best cache, which is not a bare client', () => {
    const [get, set] = throughputRows(RUN)
    expect(get).toMatchObject({ operation: 'get', callers: 64, best: 'fast' })
    expect(ratioToBest(get as never, 'Verbatim')).toBeCloseTo(50 / 105)
    expect(ratioToBest(set as never, 'Verbatim')).toBeCloseTo(50 / 105)
    expect(ratioToBest(get as never, 'unknown')).toBeUndefined()
    expect(lostRows(throughputRows(RUN), 'Verbatim')).toEqual([
      'get, structured, 1 KB, 64 callers: 0.476 of fast',
      'set, structured, 1 KB, 64 callers: 0.476 of fast',
    ])
    expect(lostRows(throughputRows(RUN), 'fast')).toEqual([])
  })

  test('have quartiles, the cost of a call and the lost rows', () => {
    const text = formatRun(RUN)
    expect(text).toContain('| value | callers | Verbatim | fast | slow | bare client |')
    expect(text).toContain(
      '| structured, 1 KB | 64 | 50 (40-80) | 105 (92.5-778) | 10 | 900 | **0.476** |',
    )
    expect(text).toContain('| get | structured, 1 KB | 2 / 0.1 | 2 / 0.1 | 2 / 0.1 | 2 / 0.1 |')
    expect(text).toContain('### Rows that Verbatim loses: 2 of 2')
  })

  test('of a run without a cache of this repository have no ratio', () => {
    const caches = RUN.caches.filter(({ name }) => name !== 'Verbatim')
    const text = formatRun({ ...RUN, caches })
    expect(text).toContain('| value | callers | fast | slow | bare client |')
    expect(text).not.toContain('loses')
  })

  test('have the latency of one caller in microseconds', () => {
    const figures: Figure[] = [
      { name: 'get: highest rate', unit: '1/s', better: 'higher', value: 5_000 },
      { name: 'get at 10 %: p50', unit: 'ms', better: 'lower', value: 0.2 },
    ]
    const paced = { cache: 'Verbatim', scenario: 'paced latency', process: 0, figures }
    const text = formatRun({ ...RUN, cells: [paced] })
    expect(text).toContain('| Verbatim | 5,000 | 200 |')
    expect(text).not.toContain('thousand calls per second')
  })
})

describe('the summary of a run', () => {
  test('has a bold ratio for each lost row, the conditions and the versions', () => {
    const text = formatSummary(RUN)
    expect(text).toContain(
      '| get through Redis, structured, 1 KB, callers: 64 | 50 thousand/s | fast: 105 thousand/s | **0.476** |',
    )
    expect(text).toContain('Verbatim loses 2 of all 2 rows of the run.')
    expect(text).toContain('2026-01-01')
    expect(text).toContain('Versions: @verbatim/cache-redis 1.2.3.')
  })

  test('compares only within a class, and durations by their inverse', () => {
    const timed = (name: string, value: number): CellResult => {
      const figures: Figure[] = [{ name: 'get', unit: 'ns', better: 'lower', value }]
      return { cache: name, scenario: 'get', process: 0, figures }
    }
    const memory = { tier: 'memory', isolation: 'by reference' } as const
    const safe = { tier: 'memory', isolation: 'copy-safe' } as const
    const text = formatSummary({
      ...RUN,
      caches: [
        cache('InMemoryCache', { ...memory, versions: { '@verbatim/cache-memory': '1.0.0' } }),
        cache('other', memory),
        cache('safe', safe),
      ],
      cells: [timed('InMemoryCache', 50), timed('other', 100), timed('safe', 1)],
    })
    expect(text).toContain(
      '| get: get (memory, by reference) | InMemoryCache: 50 ns | other: 100 ns | 2 |',
    )
    expect(text).not.toContain('safe: 1')
  })
})
