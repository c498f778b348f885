import { expect, test } from 'vitest'
import { FaultTimeline } from '../../src/checker/fault-timeline.js'
import { RunClock } from '../../src/clock.js'
import type { Fault } from '../../src/nemesis/fault.js'
import { Nemesis } from '../../src/nemesis/nemesis.js'
import { type PlannedFault, schedule } from '../../src/nemesis/schedule.js'

const HEALTHY = 5
const LOST = 1_000

const fault = (name: string, rest: Partial<Fault> = {}): Fault => ({
  name,
  begin: () => Promise.resolve(),
  end: () => Promise.resolve(),
  ...rest,
})

const plan = (seed: number): string[] => {
  const planned: PlannedFault[] = []
  for (const each of schedule(
    ['a', 'b', 'c'].map((name) => fault(name)),
    seed,
  )) {
    planned.push(each)
    if (planned.length === 30) break
  }
  return planned.map(({ fault: { name }, quietMs, lastsMs }) => `${name} ${quietMs} ${lastsMs}`)
}

test('the seed decides the faults, their times and their durations', () => {
  expect(plan(1)).toEqual(plan(1))
  expect(plan(1)).not.toEqual(plan(2))
})

test('all faults occur equally often', () => {
  const names = plan(1).map((planned) => planned.slice(0, 1))
  for (const name of ['a', 'b', 'c']) {
    expect(names.filter((each) => each === name)).toHaveLength(10)
  }
})

test('a fault is prepared before its pause and in force after it', async () => {
  const timeline = new FaultTimeline({ healthy: HEALTHY, lost: LOST, recovery: 0 })
  const log: string[] = []
  const note = (what: string) => async (): Promise<void> => {
    log.push(`${what}, ${timeline.windows.length} in force`)
  }
  const prepared = fault('prepared', {
    prepare: note('prepare'),
    begin: note('begin'),
    end: note('end'),
  })
  const planned = [{ fault: prepared, quietMs: 1, lastsMs: 0 }]
  await new Nemesis(timeline, new RunClock()).run(planned, new AbortController().signal)
  expect(log).toEqual(['prepare, 0 in force', 'begin, 1 in force', 'end, 1 in force'])
})

test('a fault is ended and recorded even if it could not be started', async () => {
  const timeline = new FaultTimeline({ healthy: HEALTHY, lost: LOST, recovery: 0 })
  let ended = 0
  const broken = fault('broken', {
    begin: () => Promise.reject(new Error('cannot')),
    end: async () => {
      ended++
    },
  })
  const running = new Nemesis(timeline, new RunClock()).run(
    [{ fault: broken, quietMs: 0, lastsMs: 0 }],
    new AbortController().signal,
  )
  await expect(running).rejects.toThrow('cannot')
  expect(ended).toBe(1)
  expect(timeline.windows).toMatchObject([{ name: 'broken', end: expect.any(Number) }])
  expect(timeline.windows[0]?.end).toBeLessThan(Number.POSITIVE_INFINITY)
})

test('a run that is aborted ends the fault in force', async () => {
  const timeline = new FaultTimeline({ healthy: HEALTHY, lost: LOST, recovery: 0 })
  const stop = new AbortController()
  const log: string[] = []
  const lasting = fault('lasting', {
    begin: async () => {
      log.push('begin')
      stop.abort()
    },
    end: async () => {
      log.push('end')
    },
  })
  const planned = { fault: lasting, quietMs: 0, lastsMs: 60_000 }
  await new Nemesis(timeline, new RunClock()).run([planned, planned], stop.signal)
  expect(log).toEqual(['begin', 'end'])
})

test('a fault permits staler reads, and of other processes only if it affects them', () => {
  const timeline = new FaultTimeline({ healthy: HEALTHY, lost: LOST, recovery: 10 })
  timeline.faultBegins({ name: 'of all' }, 100).end = 200
  timeline.faultBegins({ name: 'of one', process: 1 }, 300).end = 400
  const boundAt = (process: number, start: number, end = start): number =>
    timeline.boundFor({ process, start, end })
  expect([99, 100, 200, 210, 211].map((at) => boundAt(0, at))).toEqual([
    HEALTHY,
    LOST,
    LOST,
    LOST,
    HEALTHY,
  ])
  expect(boundAt(0, 50, 500)).toBe(LOST)
  expect([boundAt(1, 350), boundAt(0, 350), boundAt(1, 411)]).toEqual([LOST, HEALTHY, HEALTHY])
  expect(timeline.during(205, 220).map(({ name }) => name)).toEqual(['of all'])
})

test('a fault that sets Redis back permits reads of its earlier data until the recovery', () => {
  const timeline = new FaultTimeline({ healthy: HEALTHY, lost: 100, recovery: 50 })
  timeline.faultBegins({ name: 'set back', bringsBackMs: 0 }, 1_000).end = 1_400
  timeline.faultBegins({ name: 'another', process: 1 }, 1_420).end = 1_430
  const boundAt = (start: number): number => timeline.boundFor({ process: 1, start, end: start })
  expect([990, 1_050, 1_400, 1_450].map(boundAt)).toEqual([HEALTHY, 100, 400, 450])
  expect([1_451, 1_480, 1_481].map(boundAt)).toEqual([100, 100, HEALTHY])
})
