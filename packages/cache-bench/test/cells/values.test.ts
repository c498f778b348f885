import { expect, test } from 'vitest'
import { makeValue, zipfIndexes } from '../../src/cells/values.js'

test('the values differ and have about 1.2 kB as JSON', () => {
  expect(makeValue(1)).not.toEqual(makeValue(2))
  for (const id of [0, 7, 9_999]) {
    const bytes = Buffer.byteLength(JSON.stringify(makeValue(id)))
    expect(bytes).toBeGreaterThan(900)
    expect(bytes).toBeLessThan(1_400)
  }
})

test('a Zipf distribution with exponent 0.99 has the expected shares', () => {
  const indexes = zipfIndexes(10_000, 100_000, 7)
  const counts = new Float64Array(10_000)
  for (const index of indexes) counts[index] = (counts[index] ?? 0) + 1
  const weights = Array.from({ length: 10_000 }, (_, rank) => 1 / (rank + 1) ** 0.99)
  const sum = weights.reduce((total, weight) => total + weight, 0)
  for (const rank of [0, 1, 9]) {
    const share = (weights[rank] ?? 0) / sum
    expect((counts[rank] ?? 0) / indexes.length / share).toBeCloseTo(1, 0)
  }
  const top = counts.slice(0, 1_000).reduce((total, count) => total + count, 0)
  const expected = weights.slice(0, 1_000).reduce((total, weight) => total + weight, 0) / sum
  expect(top / indexes.length).toBeCloseTo(expected, 1)
  expect(zipfIndexes(10_000, 10, 7)).toEqual(indexes.slice(0, 10))
})
