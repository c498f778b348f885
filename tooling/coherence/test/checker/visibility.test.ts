import { describe, expect, test } from 'vitest'
import { FaultTimeline } from '../../src/checker/fault-timeline.js'
import { Version } from '../../src/checker/version.js'
import { Visibility, type VisibilityReport } from '../../src/checker/visibility.js'
import { MILLISECOND } from '../../src/clock.js'
import { check, type Operation, type Read, type Write } from './history.js'

describe('the visibility of writes', () => {
  const write = (number: number): Version => new Version({ writer: 0, number }, 'set', 0, 0, 1)

  test('covers all writes, also those that no read ignored', () => {
    const visibility = new Visibility()
    const writes = Array.from({ length: 1_000 }, (_, number) => write(number))
    for (const each of writes) visibility.acknowledged(each)
    for (const [index, each] of writes.slice(0, 20).entries()) {
      for (const part of [0.3, 1, 0.7]) visibility.ignored(each, (index + 1) * part * MILLISECOND)
    }
    expect(visibility.report()).toEqual({
      writes: 1_000,
      p50Ms: 0,
      p99Ms: 10,
      p999Ms: 19,
      longestMs: 20,
    })
  })

  test('does not cover writes that were not counted', () => {
    const visibility = new Visibility()
    visibility.ignored(write(1), MILLISECOND)
    expect(visibility.report()).toMatchObject({ writes: 0, p999Ms: 0, longestMs: 0 })
  })

  test('reports only the longest time beyond the limit', () => {
    const visibility = new Visibility()
    visibility.acknowledged(write(0))
    const late = write(1)
    visibility.acknowledged(late)
    visibility.ignored(late, 60_000 * MILLISECOND)
    expect(visibility.report()).toMatchObject({ p50Ms: 0, p99Ms: 60_000, longestMs: 60_000 })
  })
})

describe('in a history', () => {
  const ms = (milliseconds: number): number => milliseconds * MILLISECOND
  const write = (process: number, number: number, start: number, end: number): Write => ({
    what: 'set',
    process,
    number,
    start: ms(start),
    end: ms(end),
    ok: true,
    ttl: ms(100_000),
  })
  const read = (writer: number, number: number, at: number, rest: Partial<Read> = {}): Read => {
    const span = { start: ms(at), end: ms(at + 1) }
    return { what: 'read', process: 2, writer, number, ...span, ...rest }
  }
  const seen = (
    operations: readonly Operation[],
    timeline = new FaultTimeline({ healthy: ms(500), lost: ms(500), recovery: 0 }),
  ): VisibilityReport =>
    check(operations, { processes: 3, lateWrites: 0 }, timeline).checker.visibility.report()

  const history = [write(0, 1, 0, 10), write(1, 1, 20, 30), write(0, 2, 40, 50)]

  test('counts a read for each write that it ignored', () => {
    expect(seen([...history, read(0, 1, 34)])).toMatchObject({ writes: 3, longestMs: 4, p50Ms: 0 })
    // Until 60, two writes are ignored: one for 30 ms, one for 10.
    const late = seen([...history, read(0, 1, 34), read(0, 1, 60)])
    expect(late).toMatchObject({ longestMs: 30, p50Ms: 10 })
  })

  test('counts a read of a newer version only for later writes', () => {
    expect(seen([...history, read(1, 1, 60)])).toMatchObject({ longestMs: 10, p50Ms: 0 })
    expect(seen([...history, read(0, 2, 60)])).toMatchObject({ longestMs: 0 })
  })

  test('does not count a write that overlapped the read version', () => {
    const overlapping = [write(0, 1, 0, 10), write(1, 1, 5, 30), write(0, 2, 20, 25)]
    expect(seen([...overlapping, read(0, 1, 40)])).toMatchObject({ longestMs: 15, p50Ms: 0 })
  })

  test('does not count writes and reads during faults, or degraded reads', () => {
    const timeline = (): FaultTimeline =>
      new FaultTimeline({ healthy: 0, lost: ms(500), recovery: ms(5) })
    const writing = timeline()
    writing.faultBegins({ name: 'of a writer', process: 1 }, ms(15)).end = ms(16)
    expect(seen([...history, read(0, 1, 60)], writing)).toMatchObject({ writes: 2, longestMs: 10 })
    const reading = timeline()
    reading.faultBegins({ name: 'of a reader', process: 2 }, ms(15)).end = ms(58)
    expect(seen([...history, read(0, 1, 60)], reading)).toMatchObject({ writes: 3, longestMs: 0 })
    const degraded = read(0, 1, 60, { state: 'degraded' })
    expect(seen([...history, degraded])).toMatchObject({ writes: 3, longestMs: 0 })
  })
})
