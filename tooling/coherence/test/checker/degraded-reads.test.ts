import { expect, test } from 'vitest'
import { FaultTimeline } from '../../src/checker/fault-timeline.js'
import { MILLISECOND } from '../../src/clock.js'
import { type Checked, check, type Operation, type Read, type Write } from './history.js'

const LOST = 1_000 * MILLISECOND

const write = (process: number, number: number, at: number): Write => ({
  what: 'set',
  process,
  number,
  start: at * MILLISECOND,
  end: (at + 1) * MILLISECOND,
  ok: true,
  ttl: 50 * MILLISECOND,
})

const degradedRead = (process: number, writer: number, number: number, at: number): Read => ({
  what: 'read',
  process,
  writer,
  number,
  start: at * MILLISECOND,
  end: (at + 1) * MILLISECOND,
  state: 'degraded',
})

const judged = (operations: readonly Operation[], memoryMs = 100_000): Checked => {
  const timeline = new FaultTimeline({ healthy: 0, lost: LOST, recovery: 0 })
  timeline.faultBegins({ name: 'a fault' }, 500 * MILLISECOND).end = 3_000 * MILLISECOND
  const memory = memoryMs * MILLISECOND
  return check(operations, { processes: 3, lateWrites: 0, memory }, timeline)
}

const history = [write(0, 1, 0), write(1, 1, 9)]

test('are counted by their age, which may be any', () => {
  const { violations, checker } = judged([
    ...history,
    degradedRead(2, 1, 1, 20),
    degradedRead(2, 0, 1, 20),
    degradedRead(2, 0, 1, 1_010),
    degradedRead(2, 0, 1, 1_111),
  ])
  expect(violations).toEqual([])
  expect(checker.degradedReads.report()).toEqual({
    reads: 4,
    olderThanLostBound: 1,
    oldestMs: 1_101,
    whileUndisturbed: 2,
  })
  expect(checker.staleness.report().longestMs).toBe(0)
})

test('must respect the writes of their own process', () => {
  const { violations } = judged([...history, degradedRead(1, 0, 1, 20)])
  expect(violations).toMatchObject([{ kind: 'own-write' }])
})

test('must return a written version within the remembered history', () => {
  const unknown = judged([...history, degradedRead(2, 0, 2, 20)])
  expect(unknown.violations).toMatchObject([{ kind: 'never-written' }])
  const writes = Array.from({ length: 50 }, (_, index) => write(0, index + 1, index * 20))
  const forgotten = judged([...writes, degradedRead(2, 0, 1, 2_000)], 100)
  expect(forgotten.violations).toMatchObject([{ kind: 'stale', staleness: Infinity }])
})
