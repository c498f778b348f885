import { expect, test } from 'vitest'
import { keyName, keysTagged, patternOf, tagsOf } from '../../src/workload/keys.js'
import { type Step, Workload, type WorkloadOptions } from '../../src/workload/workload.js'

const SHARED: WorkloadOptions = {
  keys: 32,
  coldKeys: 0,
  sharing: 'shared',
  loads: true,
  overlap: true,
  pauseMs: 1,
}

const steps = (options: WorkloadOptions, seed: number, process = 0, lane = 0): Step[] => {
  const workload = new Workload(options, { seed, process, processes: 4, lane })
  return Array.from({ length: 10_000 }, () => workload.next())
}

test('the seed decides every step', () => {
  expect(steps(SHARED, 7)).toEqual(steps(SHARED, 7))
})

test('another seed, process or lane has other steps', () => {
  const first = steps(SHARED, 7)
  for (const other of [steps(SHARED, 8), steps(SHARED, 7, 1), steps(SHARED, 7, 0, 1)]) {
    expect(other).not.toEqual(first)
  }
})

test('every operation and every key is used, the first keys most', () => {
  const all = steps(SHARED, 1)
  expect(new Set(all.map(({ operation }) => operation)).size).toBe(10)
  const uses = Array.from({ length: 32 }, () => 0)
  for (const { keys } of all) for (const key of keys) uses[key] = (uses[key] ?? 0) + 1
  expect(Math.min(...uses)).toBeGreaterThan(0)
  expect(uses[0]).toBe(Math.max(...uses))
})

test('private keys and their groups belong to one process each', () => {
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

test('a workload without loads never loads', () => {
  const operations = steps({ ...SHARED, loads: false }, 1).map(({ operation }) => operation)
  expect(operations).not.toContain('getOrSet')
})

test('a tag is invalidated together with exactly its keys', () => {
  const all = Array.from({ length: 32 }, (_, key) => key)
  const invalidations = steps(SHARED, 1).filter(({ operation }) => operation === 'invalidateTags')
  expect(invalidations.length).toBeGreaterThan(20)
  for (const { keys, tags } of invalidations) {
    expect(tags.length).toBeGreaterThan(0)
    expect(keys).toEqual(keysTagged(all, tags))
  }
  expect(new Set(all.map((key) => tagsOf(key).length))).toEqual(new Set([0, 1, 2]))
})

test('values that are stored together have no tags', () => {
  const together = steps(SHARED, 1).filter(({ operation }) => operation === 'setMany')
  expect(together.length).toBeGreaterThan(20)
  for (const { keys } of together) expect(keys.flatMap(tagsOf)).toEqual([])
})

test('each cold key is used as often as the others', () => {
  const coldKeys = 100
  const some = steps({ ...SHARED, coldKeys }, 1).filter(({ operation }) => operation !== 'clear')
  const keys = some.flatMap(({ keys: each }) => each)
  const cold = keys.filter((key) => key >= 32)
  expect(cold.length / keys.length).toBeGreaterThan(0.03)
  expect(new Set(cold).size).toBeGreaterThan(coldKeys * 0.9)
  const first = cold.filter((key) => key < 32 + coldKeys / 2)
  expect(first.length / cold.length).toBeCloseTo(0.5, 1)
})

test('slow loads take up to seconds on keys that normal lanes do not load', () => {
  const owner = { seed: 1, process: 0, processes: 4, lane: 8 }
  const workload = new Workload(SHARED, owner)
  const slow = Array.from({ length: 200 }, () => workload.nextSlowLoad())
  expect(Math.max(...slow.map(({ loadMs }) => loadMs))).toBeGreaterThan(3_000)
  const keys = new Set(slow.flatMap((step) => step.keys).map(keyName))
  const usual = steps(SHARED, 1).filter(({ operation }) => operation === 'getOrSet')
  for (const key of usual.flatMap((step) => step.keys)) expect(keys).not.toContain(keyName(key))
})
