import { ValidationError } from '@verbatim/cache-core'
import { describe, expect, test } from 'vitest'
import { PerformanceRegressionDetector } from '../../src/index.js'
import { compareRuns } from '../../src/regression/compare-runs.js'
import { runWith } from '../cells/runs.js'

const detector = new PerformanceRegressionDetector()
const SAME = [100, 101, 102, 103, 104]

describe('compareRuns', () => {
  test.each([
    ['equal values', SAME, undefined],
    ['a small change', [105, 106, 107, 108, 104.5], undefined],
    ['an overlap', [103, 115, 116, 117, 118], undefined],
    ['a change of 8 %', [108, 109, 110, 111, 112], 'warning'],
    ['a change of 20 %', [120, 121, 122, 123, 124], 'warning'],
    ['a change of 30 %', [131, 132, 133, 134, 135], 'critical'],
    ['an improvement', [50, 51, 52, 53, 54], undefined],
  ])('finds for %s the severity %s', (_name, values, severity) => {
    const { figures, missing } = compareRuns(runWith(SAME), runWith(values), detector)
    expect(figures).toHaveLength(1)
    expect(figures[0]?.severity).toBe(severity)
    expect(missing).toEqual([])
  })

  test('finds a drop of a figure whose higher values are better', () => {
    const figure = { unit: '%', better: 'higher' } as const
    const [before, after] = [runWith(SAME, { figure }), runWith([60, 61, 62, 63, 64], { figure })]
    expect(compareRuns(before, after, detector).figures[0]?.severity).toBe('critical')
    expect(compareRuns(after, before, detector).figures[0]?.severity).toBeUndefined()
  })

  test('does not report a machine that is slower', () => {
    const before = runWith(SAME, { cell: { referenceNs: 50 } })
    const after = runWith(
      SAME.map((value) => value * 2),
      { cell: { referenceNs: 100 } },
    )
    const [figure] = compareRuns(before, after, detector).figures
    expect(figure).toMatchObject({ severity: undefined, before: 102, after: 204 })
  })

  test('ignores figures that only describe', () => {
    const before = runWith(SAME)
    const withSize = (size: number): ReturnType<typeof runWith> => {
      const extra = { name: 'size', unit: 'bytes', better: 'none', value: size } as const
      const cells = before.cells.map((cell) =>
        Object.assign({}, cell, { figures: [...cell.figures, extra] }),
      )
      return { ...before, cells }
    }
    const { figures } = compareRuns(withSize(1), withSize(100), detector)
    expect(figures.map(({ figure }) => figure)).toEqual(['get'])
  })

  test('reports cells that the new run lacks or could not finish', () => {
    const before = runWith(SAME)
    const other = runWith(SAME, { cell: { scenario: 'set' } })
    const both = { ...before, cells: [...before.cells, ...other.cells] }
    const broken = runWith(SAME, { cell: { scenario: 'set', error: 'broken' } })
    const after = { ...before, cells: [...before.cells, ...broken.cells] }
    expect(compareRuns(both, before, detector).missing).toEqual(['map, set'])
    expect(compareRuns(both, after, detector).missing).toEqual(['map, set'])
  })

  test('reports cells and figures with too few processes', () => {
    const set = { scenario: 'set' }
    const before = {
      ...runWith(SAME),
      cells: [...runWith(SAME).cells, ...runWith(SAME, { cell: set }).cells],
    }
    const few = runWith([1, 2, 3, 4], { cell: set })
    const after = { ...before, cells: [...runWith(SAME).cells, ...few.cells] }
    const { figures, missing } = compareRuns(before, after, detector)
    expect(figures).toHaveLength(1)
    expect(missing).toEqual(['map, set (4 processes; 5 are needed)'])
    const renamed = runWith(SAME, { cell: set, figure: { name: 'other' } })
    const other = { ...before, cells: [...runWith(SAME).cells, ...renamed.cells] }
    expect(compareRuns(before, other, detector).missing).toEqual([
      'map, set: get (0 processes; 5 are needed)',
    ])
  })

  test('finds a figure that rises from 0, and no change of one that stays 0', () => {
    const figure = { name: 'errors', unit: 'count', better: 'lower' } as const
    const none = runWith([0, 0, 0, 0, 0], { figure })
    const some = runWith([5, 6, 7, 8, 9], { figure })
    expect(compareRuns(none, some, detector).figures[0]).toMatchObject({
      severity: 'critical',
      worseByPercent: Infinity,
    })
    expect(compareRuns(none, none, detector).figures[0]?.severity).toBeUndefined()
    expect(compareRuns(some, none, detector).figures[0]?.severity).toBeUndefined()
  })

  test.each([
    ['too few processes', runWith([1, 2, 3, 4])],
    ['other caches', runWith(SAME, { cell: { cache: 'other' } })],
  ])('rejects a baseline with %s', (_name, baseline) => {
    const compare = (): unknown => compareRuns(baseline, runWith(SAME), detector)
    expect(compare).toThrow(ValidationError)
    expect(compare).toThrow('the baseline must have at least 5 processes per cell in common')
  })
})
