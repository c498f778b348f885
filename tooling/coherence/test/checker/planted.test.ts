import { describe, expect, test } from 'vitest'
import { describeViolation } from '../../src/checker/describe-violation.js'
import { FaultTimeline } from '../../src/checker/fault-timeline.js'
import {
  check,
  type Operation,
  type Read,
  type Rules,
  violationsIn,
  type Write,
} from './history.js'

const RULES: Rules = { processes: 3, bound: 5, lateWrites: Number.POSITIVE_INFINITY }
const FENCED: Rules = { ...RULES, lateWrites: 0 }
const LONG = 1_000_000

const write = (
  process: number,
  number: number,
  [start, end]: readonly [number, number],
  rest: Partial<Write> = {},
): Write => ({ what: 'set', process, number, start, end, ok: true, ttl: LONG, ...rest })

const read = (
  process: number,
  [writer, number]: readonly [number, number],
  [start, end]: readonly [number, number],
): Read => ({ what: 'read', process, start, end, writer, number })

const kinds = (operations: readonly Operation[], rules = RULES): string[] =>
  violationsIn(operations, rules).map(({ kind }) => kind)

describe('a read of what an acknowledged write has replaced', () => {
  const replaced = [write(0, 1, [0, 10]), write(1, 1, [20, 30])]

  test('is legal within the bound and a violation past it', () => {
    expect(kinds([...replaced, read(2, [0, 1], [35, 36])])).toEqual([])
    expect(kinds([...replaced, read(2, [0, 1], [36, 37])])).toEqual(['stale'])
  })

  test('is legal when the two overlapped: then nobody knows which came last', () => {
    const overlapping = [write(0, 1, [0, 10]), write(1, 1, [10, 30])]
    expect(kinds([...overlapping, read(2, [0, 1], [900, 901])])).toEqual([])
    expect(kinds([...overlapping, read(2, [1, 1], [900, 901])])).toEqual([])
  })

  test('is legal when the read began before the write had ended, however long it took', () => {
    expect(kinds([...replaced, read(2, [0, 1], [29, 900])])).toEqual([])
  })

  test('is a violation after a delete, too', () => {
    const deleted = [write(0, 1, [0, 10]), write(1, 1, [20, 30], { what: 'delete' })]
    expect(kinds([...deleted, read(2, [0, 1], [36, 37])])).toEqual(['stale'])
  })

  test('is a violation though a third write lies between', () => {
    const between = [...replaced, write(2, 1, [40, 50])]
    expect(kinds([...between, read(0, [0, 1], [60, 61])])).toEqual(['stale'])
    expect(kinds([...between, read(0, [1, 1], [60, 61])])).toEqual(['stale'])
    expect(kinds([...between, read(0, [2, 1], [60, 61])])).toEqual([])
  })

  test('is a violation at every read that sees it', () => {
    const reads = [100, 200, 300].map((at) => read(2, [0, 1], [at, at + 1]))
    expect(kinds([...replaced, ...reads])).toEqual(['stale', 'stale', 'stale'])
  })
})

describe('a write that failed', () => {
  const lost = write(0, 2, [20, 30], { ok: false })
  const history = [write(0, 1, [0, 10]), lost]

  test('may have taken effect or not', () => {
    expect(kinds([...history, read(2, [0, 1], [900, 901])])).toEqual([])
    expect(kinds([...history, read(2, [0, 2], [900, 901])])).toEqual([])
  })

  test('may take effect after a later one, unless late writes are fenced', () => {
    const superseded = [...history, write(1, 1, [40, 50]), read(2, [0, 2], [60, 61])]
    expect(kinds(superseded)).toEqual([])
    expect(kinds(superseded, FENCED)).toEqual(['stale'])
    expect(kinds(superseded, { ...RULES, lateWrites: 9 })).toEqual(['stale'])
    expect(kinds(superseded, { ...RULES, lateWrites: 10 })).toEqual([])
  })

  test('binds its own process: that one must not read what it meant to replace', () => {
    const [seen] = violationsIn([...history, read(0, [0, 1], [31, 32])], FENCED)
    expect(seen).toMatchObject({ kind: 'own-write', replacedBy: { number: 2 } })
  })

  test('never ends when its process is gone, and may take effect for ever', () => {
    const hanging = write(0, 2, [20, Number.POSITIVE_INFINITY])
    expect(kinds([hanging, write(1, 1, [40, 50]), read(2, [0, 2], [900, 901])], FENCED)).toEqual([])
  })
})

describe('the writes of one process', () => {
  test('bind its own reads at once, without any bound', () => {
    const own = [write(1, 1, [0, 10]), write(0, 1, [20, 30])]
    expect(kinds([...own, read(0, [1, 1], [31, 32])])).toEqual(['own-write'])
    expect(kinds([...own, read(2, [1, 1], [31, 32])])).toEqual([])
  })

  test('bind its own reads also where another process has replaced the first of them', () => {
    const own = [write(0, 1, [0, 20]), write(0, 2, [1, 3]), write(0, 3, [2, 22])]
    const history = [...own, write(1, 1, [5, 6])]
    expect(kinds([...history, read(0, [0, 2], [23, 24])], { ...RULES, bound: 50 })).toEqual([
      'own-write',
    ])
  })

  test('take effect in the order of issue although they overlap', () => {
    const crossed = [write(0, 1, [0, 50]), write(0, 2, [10, 20])]
    expect(kinds([...crossed, read(2, [0, 1], [60, 61])])).toEqual(['stale'])
    expect(kinds([...crossed, read(2, [0, 2], [60, 61])])).toEqual([])
  })
})

describe('the invalidation of a tag', () => {
  const [set, invalidation] = [write(0, 1, [0, 50]), write(0, 2, [10, 20])]
  const invalidated = { ...invalidation, what: 'delete', ttl: 0, unordered: true } as const

  test('may come before a write of the same process that it overlaps, or after it', () => {
    expect(kinds([set, invalidated, read(2, [0, 1], [60, 61])])).toEqual([])
    expect(kinds([set, invalidated, read(0, [0, 1], [60, 61])])).toEqual([])
    expect(kinds([{ ...set, unordered: true }, invalidation, read(2, [0, 1], [60, 61])])).toEqual(
      [],
    )
  })

  test('replaces what was written before it began', () => {
    const before = { ...set, end: 9 }
    expect(kinds([before, invalidated, read(2, [0, 1], [25, 26])])).toEqual([])
    expect(kinds([before, invalidated, read(2, [0, 1], [26, 27])])).toEqual(['stale'])
    expect(kinds([before, invalidated, read(0, [0, 1], [21, 22])])).toEqual(['own-write'])
  })
})

describe('a process that was killed', () => {
  const kill = (process: number, at: number): Operation => ({
    ...{ what: 'kill', process, number: 0, start: at, end: at },
  })
  const never = Number.POSITIVE_INFINITY
  const failed = write(1, 1, [20, 30], { ok: false })

  test('leaves nothing that its successor would have to know', () => {
    const history = [write(0, 1, [0, 10]), failed]
    const [seen, seenLater] = [read(1, [0, 1], [41, 42]), read(1, [0, 1], [61, 62])]
    expect(kinds([...history, seen], FENCED)).toEqual(['own-write'])
    expect(kinds([...history, kill(1, 40), seen], FENCED)).toEqual([])
    const again = write(1, 2, [50, 60], { ok: false })
    expect(kinds([write(0, 1, [45, 46]), kill(1, 40), again, seenLater], FENCED)).toEqual([
      'own-write',
    ])
  })

  test('leaves acknowledged writes that bind everybody, its successor included', () => {
    const history = [write(0, 1, [0, 10]), write(1, 1, [20, 30]), kill(1, 31)]
    expect(kinds([...history, read(1, [0, 1], [36, 37])], FENCED)).toEqual(['stale'])
  })

  test('leaves writes under way that may take effect for as long as failed ones', () => {
    const under = [write(1, 1, [20, never]), kill(1, 25), write(0, 1, [40, 50])]
    const seen = read(2, [1, 1], [60, 61])
    expect(kinds([...under, seen], FENCED)).toEqual(['stale'])
    expect(kinds([...under, seen], { ...RULES, lateWrites: 15 })).toEqual([])
  })
})

describe('a restart from an older snapshot', () => {
  const MS = 1e6
  const BOUNDS = { healthy: 5 * MS, lost: 100 * MS, recovery: 50 * MS }
  const at = (operation: Write | Read): Write | Read => ({
    ...operation,
    start: operation.start * MS,
    end: operation.end * MS,
    ...('ttl' in operation ? { ttl: LONG * MS } : {}),
  })
  /** The server dies at 2000 and is back at 2100; what was written since 1000 may be undone. */
  const found = (kills: number | undefined, operations: readonly (Write | Read)[]): string[] => {
    const timeline = new FaultTimeline(BOUNDS)
    const sort = { name: 'older snapshot', bringsBackMs: 1_000, kills }
    timeline.faultBegins(sort, 2_000 * MS).end = 2_100 * MS
    const { violations } = check(operations.map(at), { ...FENCED, processes: 3 }, timeline)
    return violations.map(({ kind }) => kind)
  }
  const before = write(0, 1, [0, 10])
  const reads = [2_110, 2_151, 3_000].map((start) => read(2, [0, 1], [start, start + 1]))

  test('must not bring back what was replaced long before', () => {
    const history = [before, write(1, 1, [980, 990]), ...reads]
    expect(found(undefined, history)).toEqual(['stale', 'stale', 'stale'])
    expect(found(1, history)).toEqual(['stale', 'stale', 'stale'])
  })

  test('may bring back what was replaced just before, until the timeline have recovered', () => {
    const history = [before, write(1, 1, [1_500, 1_510]), ...reads]
    expect(found(undefined, history)).toEqual(['stale', 'stale'])
    expect(found(0, history)).toEqual(['stale', 'stale'])
  })

  test('may bring it back for ever if it was replaced by a process that was killed too', () => {
    const history = [before, write(1, 1, [1_500, 1_510]), ...reads]
    expect(found(1, history)).toEqual([])
    const withLater = write(0, 2, [2_200, 2_210])
    expect(found(1, [...history, withLater])).toEqual(['stale'])
    const withEarlier = write(2, 1, [900, 910])
    expect(found(1, [...history, withEarlier])).toEqual(['stale', 'stale', 'stale'])
  })
})

describe('a value whose ttl is over', () => {
  const short = write(0, 1, [0, 10], { ttl: 100 })

  test('may be read for the bound, and is a violation after that', () => {
    expect(kinds([short, read(2, [0, 1], [115, 116])])).toEqual([])
    expect(kinds([short, read(2, [0, 1], [116, 117])])).toEqual(['expired'])
  })

  test('lives on when it is loaded once more', () => {
    const load = { what: 'load', process: 1, writer: 0, number: 1, ok: true } as const
    const loaded = { ...load, start: 90, end: 105, ttl: 100 }
    expect(kinds([short, loaded, read(2, [0, 1], [210, 211])])).toEqual([])
    expect(kinds([short, loaded, read(2, [0, 1], [211, 212])])).toEqual(['expired'])
    expect(kinds([short, { ...loaded, end: 900 }, read(2, [0, 1], [500, 501])])).toEqual([])
  })

  test('was never there if it was deleted, unless it was loaded', () => {
    const deleted = write(0, 1, [0, 10], { what: 'delete', ttl: 0 })
    expect(kinds([deleted, read(2, [0, 1], [20, 21])])).toEqual(['expired'])
  })
})

test('a value that nobody has begun to write is a violation', () => {
  expect(kinds([write(0, 1, [0, 10]), read(2, [0, 2], [20, 21])])).toEqual(['never-written'])
  expect(kinds([write(0, 1, [30, 40]), read(2, [0, 1], [20, 21])])).toEqual(['never-written'])
})

test('a version that was replaced long ago is forgotten, and reading it a violation all the same', () => {
  const writes = Array.from({ length: 50 }, (_, index) => {
    const start = index * 20
    return write(0, index + 1, [start, start + 10])
  })
  const history = [...writes, read(2, [0, 1], [2_000, 2_001]), read(2, [0, 50], [2_000, 2_001])]
  const [remembered] = violationsIn(history, RULES)
  expect(remembered).toMatchObject({ kind: 'stale', version: { number: 1 }, staleness: 1_970 })
  const forgotten = violationsIn(history, { ...RULES, memory: 100 })
  expect(forgotten).toMatchObject([{ kind: 'stale', staleness: Number.POSITIVE_INFINITY }])
  expect(forgotten[0]?.version).toBeUndefined()
})

test('a process that has stood still may read what one with a lost link may', () => {
  const timeline = new FaultTimeline({ healthy: 5, lost: 100, recovery: 0 })
  const staleRead = (at: number): Read => read(2, [0, 1], [at, at + 1])
  const stalledRead = (at: number): Read => ({ ...staleRead(at), state: 'stalled' })
  const reads = [staleRead(35), stalledRead(36), staleRead(36), stalledRead(130), stalledRead(131)]
  const { violations } = check(
    [write(0, 1, [0, 10]), write(1, 1, [20, 30]), ...reads],
    RULES,
    timeline,
  )
  expect(violations.map((found) => [found.read.start, found.bound])).toEqual([
    [36, 5],
    [131, 100],
  ])
})

test('a violation is described by the few operations that prove it', () => {
  const noise = Array.from({ length: 20 }, (_, at) => read(1, [0, 1], [at, at + 1]))
  const [violation] = violationsIn(
    [
      write(0, 1, [0, 10e6]),
      ...noise,
      write(1, 1, [20e6, 30e6], { what: 'delete' }),
      read(2, [0, 1], [36e6, 36.5e6]),
    ],
    RULES,
  )
  expect(violation && describeViolation(violation)).toBe(
    [
      'stale read: process 2, key 0, 0.036 s into the run: replaced 6.000 ms before it began; 0.000005 ms allowed',
      '      -36.000 ..     -26.000  process 0 sets version 0#1: acknowledged',
      '      -16.000 ..      -6.000  process 1 deletes, and so makes, version 1#1: acknowledged',
      '        0.000 ..       0.500  process 2 reads version 0#1',
      '  fault: none',
    ].join('\n'),
  )
})
