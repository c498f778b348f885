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

describe('a read of a version that an acknowledged write has replaced', () => {
  const replaced = [write(0, 1, [0, 10]), write(1, 1, [20, 30])]

  test('is legal within the bound and a violation past it', () => {
    expect(kinds([...replaced, read(2, [0, 1], [35, 36])])).toEqual([])
    expect(kinds([...replaced, read(2, [0, 1], [36, 37])])).toEqual(['stale'])
  })

  test('is legal if the two writes overlapped, because their order is unknown', () => {
    const overlapping = [write(0, 1, [0, 10]), write(1, 1, [10, 30])]
    expect(kinds([...overlapping, read(2, [0, 1], [900, 901])])).toEqual([])
    expect(kinds([...overlapping, read(2, [1, 1], [900, 901])])).toEqual([])
  })

  test('is legal if the read started before the write ended, whatever its duration', () => {
    expect(kinds([...replaced, read(2, [0, 1], [29, 900])])).toEqual([])
  })

  test('is a violation after a delete', () => {
    const deleted = [write(0, 1, [0, 10]), write(1, 1, [20, 30], { what: 'delete' })]
    expect(kinds([...deleted, read(2, [0, 1], [36, 37])])).toEqual(['stale'])
  })

  test('is a violation even with a third write between them', () => {
    const between = [...replaced, write(2, 1, [40, 50])]
    expect(kinds([...between, read(0, [0, 1], [60, 61])])).toEqual(['stale'])
    expect(kinds([...between, read(0, [1, 1], [60, 61])])).toEqual(['stale'])
    expect(kinds([...between, read(0, [2, 1], [60, 61])])).toEqual([])
  })

  test('is a violation for every read of the version', () => {
    const reads = [100, 200, 300].map((at) => read(2, [0, 1], [at, at + 1]))
    expect(kinds([...replaced, ...reads])).toEqual(['stale', 'stale', 'stale'])
  })
})

describe('a write that failed', () => {
  const lost = write(0, 2, [20, 30], { ok: false })
  const history = [write(0, 1, [0, 10]), lost]

  test('may or may not have taken effect', () => {
    expect(kinds([...history, read(2, [0, 1], [900, 901])])).toEqual([])
    expect(kinds([...history, read(2, [0, 2], [900, 901])])).toEqual([])
  })

  test('can take effect after a later write, unless late writes are fenced', () => {
    const superseded = [...history, write(1, 1, [40, 50]), read(2, [0, 2], [60, 61])]
    expect(kinds(superseded)).toEqual([])
    expect(kinds(superseded, FENCED)).toEqual(['stale'])
    expect(kinds(superseded, { ...RULES, lateWrites: 9 })).toEqual(['stale'])
    expect(kinds(superseded, { ...RULES, lateWrites: 10 })).toEqual([])
  })

  test('must be respected by its own process', () => {
    const [seen] = violationsIn([...history, read(0, [0, 1], [31, 32])], FENCED)
    expect(seen).toMatchObject({ kind: 'own-write', replacedBy: { number: 2 } })
  })

  test('can take effect forever if its process has ended', () => {
    const hanging = write(0, 2, [20, Number.POSITIVE_INFINITY])
    expect(kinds([hanging, write(1, 1, [40, 50]), read(2, [0, 2], [900, 901])], FENCED)).toEqual([])
  })
})

describe('the writes of one process', () => {
  test('must be respected by their own process immediately, without a bound', () => {
    const own = [write(1, 1, [0, 10]), write(0, 1, [20, 30])]
    expect(kinds([...own, read(0, [1, 1], [31, 32])])).toEqual(['own-write'])
    expect(kinds([...own, read(2, [1, 1], [31, 32])])).toEqual([])
  })

  test('must be respected by their own process even if another process has replaced the first of them', () => {
    const own = [write(0, 1, [0, 20]), write(0, 2, [1, 3]), write(0, 3, [2, 22])]
    const history = [...own, write(1, 1, [5, 6])]
    expect(kinds([...history, read(0, [0, 2], [23, 24])], { ...RULES, bound: 50 })).toEqual([
      'own-write',
    ])
  })

  test('take effect in the order of the calls even if they overlap', () => {
    const crossed = [write(0, 1, [0, 50]), write(0, 2, [10, 20])]
    expect(kinds([...crossed, read(2, [0, 1], [60, 61])])).toEqual(['stale'])
    expect(kinds([...crossed, read(2, [0, 2], [60, 61])])).toEqual([])
  })
})

describe('the invalidation of a tag', () => {
  const [set, invalidation] = [write(0, 1, [0, 50]), write(0, 2, [10, 20])]
  const invalidated = { ...invalidation, what: 'delete', ttl: 0, unordered: true } as const

  test('can take effect before or after an overlapping write of the same process', () => {
    expect(kinds([set, invalidated, read(2, [0, 1], [60, 61])])).toEqual([])
    expect(kinds([set, invalidated, read(0, [0, 1], [60, 61])])).toEqual([])
    expect(kinds([{ ...set, unordered: true }, invalidation, read(2, [0, 1], [60, 61])])).toEqual(
      [],
    )
  })

  test('replaces versions that were written before it started', () => {
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

  test('leaves no writes that its successor must respect', () => {
    const history = [write(0, 1, [0, 10]), failed]
    const [seen, seenLater] = [read(1, [0, 1], [41, 42]), read(1, [0, 1], [61, 62])]
    expect(kinds([...history, seen], FENCED)).toEqual(['own-write'])
    expect(kinds([...history, kill(1, 40), seen], FENCED)).toEqual([])
    const again = write(1, 2, [50, 60], { ok: false })
    expect(kinds([write(0, 1, [45, 46]), kill(1, 40), again, seenLater], FENCED)).toEqual([
      'own-write',
    ])
  })

  test('leaves acknowledged writes that all processes must respect, including its successor', () => {
    const history = [write(0, 1, [0, 10]), write(1, 1, [20, 30]), kill(1, 31)]
    expect(kinds([...history, read(1, [0, 1], [36, 37])], FENCED)).toEqual(['stale'])
  })

  test('leaves writes in flight that can take effect as late as failed ones', () => {
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
  /**
   * Checks a history in which the server dies at 2000 and restarts at 2100. Writes since 1000 may
   * be undone.
   */
  const found = (kills: number | undefined, operations: readonly (Write | Read)[]): string[] => {
    const timeline = new FaultTimeline(BOUNDS)
    const sort = { name: 'older snapshot', bringsBackMs: 1_000, kills }
    timeline.faultBegins(sort, 2_000 * MS).end = 2_100 * MS
    const { violations } = check(operations.map(at), { ...FENCED, processes: 3 }, timeline)
    return violations.map(({ kind }) => kind)
  }
  const before = write(0, 1, [0, 10])
  const reads = [2_110, 2_151, 3_000].map((start) => read(2, [0, 1], [start, start + 1]))

  test('must not restore a version that was replaced long before', () => {
    const history = [before, write(1, 1, [980, 990]), ...reads]
    expect(found(undefined, history)).toEqual(['stale', 'stale', 'stale'])
    expect(found(1, history)).toEqual(['stale', 'stale', 'stale'])
  })

  test('can restore a version that was replaced just before, until the caches have recovered', () => {
    const history = [before, write(1, 1, [1_500, 1_510]), ...reads]
    expect(found(undefined, history)).toEqual(['stale', 'stale'])
    expect(found(0, history)).toEqual(['stale', 'stale'])
  })

  test('can restore a version forever if it was replaced by a process that was killed too', () => {
    const history = [before, write(1, 1, [1_500, 1_510]), ...reads]
    expect(found(1, history)).toEqual([])
    const withLater = write(0, 2, [2_200, 2_210])
    expect(found(1, [...history, withLater])).toEqual(['stale'])
    const withEarlier = write(2, 1, [900, 910])
    expect(found(1, [...history, withEarlier])).toEqual(['stale', 'stale', 'stale'])
  })
})

describe('a value after its TTL', () => {
  const short = write(0, 1, [0, 10], { ttl: 100 })

  test('can be read within the bound, and is a violation after that', () => {
    expect(kinds([short, read(2, [0, 1], [115, 116])])).toEqual([])
    expect(kinds([short, read(2, [0, 1], [116, 117])])).toEqual(['expired'])
  })

  test('is fresh again after another load', () => {
    const load = { what: 'load', process: 1, writer: 0, number: 1, ok: true } as const
    const loaded = { ...load, start: 90, end: 105, ttl: 100 }
    expect(kinds([short, loaded, read(2, [0, 1], [210, 211])])).toEqual([])
    expect(kinds([short, loaded, read(2, [0, 1], [211, 212])])).toEqual(['expired'])
    expect(kinds([short, { ...loaded, end: 900 }, read(2, [0, 1], [500, 501])])).toEqual([])
  })

  test('was never in the cache if it was deleted, unless it was loaded', () => {
    const deleted = write(0, 1, [0, 10], { what: 'delete', ttl: 0 })
    expect(kinds([deleted, read(2, [0, 1], [20, 21])])).toEqual(['expired'])
  })
})

test('a read of a version that no process has started to write is a violation', () => {
  expect(kinds([write(0, 1, [0, 10]), read(2, [0, 2], [20, 21])])).toEqual(['never-written'])
  expect(kinds([write(0, 1, [30, 40]), read(2, [0, 1], [20, 21])])).toEqual(['never-written'])
})

test('a read of a version that was replaced before the remembered history is a violation', () => {
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

test('a stalled process can read the same versions as a process without a tracking connection', () => {
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

test('the description of a violation contains only the operations that prove it', () => {
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
      'stale read: process 2, key 0, 0.036 s into the run: replaced 6.000 ms before its start; 0.000005 ms permitted',
      '      -36.000 ..     -26.000  process 0 sets version 0#1: acknowledged',
      '      -16.000 ..      -6.000  process 1 deletes the key, which creates version 1#1: acknowledged',
      '        0.000 ..       0.500  process 2 reads version 0#1',
      '  fault: none',
    ].join('\n'),
  )
})
