import { expect, test } from 'vitest'
import { patternOf, type Step, Workload, type WorkloadOptions } from '../../workload/workload.js'

const SHARED: WorkloadOptions = {
  keys: 32,
  sharing: 'shared',
  loads: true,
  overlap: true,
  pauseMs: 1,
}

const steps = (options: WorkloadOptions, seed: number, process = 0, lane = 0): Step[] => {
  const workload = new Workload(options, { seed, process, processes: 4, lane })
  return Array.from({ length: 2_000 }, () => workload.next())
}

test('a seed decides every step', () => {
  expect(steps(SHARED, 7)).toEqual(steps(SHARED, 7))
})

test('another seed, process or lane takes other steps', () => {
  const first = steps(SHARED, 7)
  for (const other of [steps(SHARED, 8), steps(SHARED, 7, 1), steps(SHARED, 7, 0, 1)]) {
    expect(other).not.toEqual(first)
  }
})

test('every operation and every key is used, the first keys most', () => {
  const all = steps(SHARED, 1)
  expect(new Set(all.map(({ operation }) => operation)).size).toBe(6)
  const uses = Array.from({ length: 32 }, () => 0)
  for (const { keys } of all) for (const key of keys) uses[key] = (uses[key] ?? 0) + 1
  expect(Math.min(...uses)).toBeGreaterThan(0)
  expect(uses[0]).toBe(Math.max(...uses))
})

test('private keys are of one process each, groups included', () => {
  const owners = new Map<string, number>()
  for (const process of [0, 1, 2, 3]) {
    for (const { keys } of steps({ ...SHARED, sharing: 'private' }, 1, process)) {
      for (const key of keys) {
        const group = patternOf(key)
        expect(owners.get(group) ?? process).toBe(process)
        owners.set(group, process)
      }
    }
  }
  expect(owners.size).toBe(8)
})

test('without loads nothing is loaded', () => {
  const operations = steps({ ...SHARED, loads: false }, 1).map(({ operation }) => operation)
  expect(operations).not.toContain('getOrSet')
})
