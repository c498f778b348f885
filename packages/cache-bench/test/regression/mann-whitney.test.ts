import { expect, test } from 'vitest'
import { mannWhitney } from '../../src/index.js'

// The p-values are those of scipy.stats.mannwhitneyu, exact or asymptotic with continuity correction.
test.each([
  ['separated groups of 3', [1, 2, 3], [4, 5, 6], 0.1, 1],
  ['separated groups of 5', [1, 2, 3, 4, 5], [6, 7, 8, 9, 10], 2 / 252, 1],
  ['separated groups in the other order', [4, 5, 6], [1, 2, 3], 0.1, -1],
  ['interleaved groups', [1, 3, 5, 7], [2, 4, 6, 8], 0.6857142857142857, 0.25],
  ['one sample each', [1], [2], 1, 1],
  ['equal groups', [1, 1, 1], [1, 1, 1], 1, 0],
])('compares %s', (_name, before, after, pValue, effectSize) => {
  const outcome = mannWhitney(before, after)
  expect(outcome.pValue).toBeCloseTo(pValue, 6)
  expect(outcome.effectSize).toBeCloseTo(effectSize, 9)
})

test('the exact p-value is the share of all orders that are as extreme', () => {
  const before = [1, 4, 6]
  const after = [2, 3, 5, 7]
  const values = [...before, ...after]
  const effect = (group: readonly number[]): number => {
    const others = values.filter((value) => !group.includes(value))
    const pairs = group.flatMap((one) => others.map((other): number => Math.sign(one - other)))
    return pairs.reduce((sum, sign) => sum + sign, 0) / pairs.length
  }
  const groups = subsets(values, after.length)
  const extreme = groups.filter((group) => Math.abs(effect(group)) >= Math.abs(effect(after)))
  const outcome = mannWhitney(before, after)
  expect(outcome.effectSize).toBeCloseTo(effect(after), 9)
  expect(outcome.pValue).toBeCloseTo(extreme.length / groups.length, 9)
})

test('the normal approximation is close to the exact p-value', () => {
  const before = Array.from({ length: 20 }, (_, index) => index * 2)
  const after = Array.from({ length: 20 }, (_, index) => index * 2 + 9)
  const exact = mannWhitney(before, after).pValue
  const approximate = mannWhitney([...before, 1_000], [...after, 1_000.5]).pValue
  expect(approximate).toBeGreaterThan(exact * 0.5)
  expect(approximate).toBeLessThan(exact * 2)
})

test('two separated groups of 100 with ties have a p-value close to 0', () => {
  const { pValue, effectSize } = mannWhitney(
    Array.from({ length: 100 }, (_, index) => index % 5),
    Array.from({ length: 100 }, (_, index) => 10 + (index % 5)),
  )
  expect(pValue).toBeLessThan(1e-30)
  expect(pValue).toBeGreaterThan(0)
  expect(effectSize).toBe(1)
})

function subsets(values: readonly number[], size: number): number[][] {
  if (size === 0) return [[]]
  return values.flatMap((value, index) =>
    subsets(values.slice(index + 1), size - 1).map((rest) => [value].concat(rest)),
  )
}
