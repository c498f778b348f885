import { expect, test } from 'vitest'
import {
  isValueOf,
  type VersionedValue,
  versionedValue,
} from '../../src/workload/versioned-value.js'

const values = Array.from({ length: 20_000 }, (_, number) =>
  versionedValue(number % 32, { writer: Math.floor(number / 32) % 4, number }),
)

const ofLength = (from: number, to: number): VersionedValue[] =>
  values.filter(({ padding }) => padding.length >= from && padding.length < to)

test('values have all sizes up to more than 1 MiB', () => {
  expect(ofLength(0, 1).length).toBeGreaterThan(500)
  expect(ofLength(2_000, 4_000).length).toBeGreaterThan(50)
  expect(ofLength(65_536, 2 ** 20).length).toBeGreaterThan(3)
  expect(ofLength(2 ** 20, 2 ** 21).length).toBeGreaterThan(3)
})

test('a value is complete and valid only for its own key', () => {
  for (const value of values) {
    expect(isValueOf(value.key, value)).toBe(true)
    expect(isValueOf(value.key + 1, value)).toBe(false)
  }
})

test('a value with a part of another value is not complete', () => {
  const [first, second] = ofLength(2 ** 20, 2 ** 21)
  if (first === undefined || second === undefined) throw new Error('too few huge values')
  expect(isValueOf(first.key, { ...first, padding: second.padding })).toBe(false)
  expect(isValueOf(first.key, { ...first, padding: first.padding.slice(0, -1) })).toBe(false)
  expect(isValueOf(first.key, { ...first, padding: '' })).toBe(false)
})
