import { expect, test } from 'vitest'
import { textSizeOf } from '../src/text-size.js'

const TIERS = { small: 500, medium: 5_000, large: 50_000 }

test.each([
  [0, 'small'],
  [499, 'small'],
  [500, 'medium'],
  [4_999, 'medium'],
  [5_000, 'large'],
  [49_999, 'large'],
  [50_000, 'xlarge'],
  [500_000, 'xlarge'],
])('a text of %i code points is %s for every kind of character', (count, size) => {
  expect(textSizeOf('a'.repeat(count), TIERS)).toBe(size)
  expect(textSizeOf('😀'.repeat(count), TIERS)).toBe(size)
})
