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
])('%i code points are %s, whatever they are', (count, tier) => {
  expect(textSizeOf('a'.repeat(count), TIERS)).toBe(tier)
  expect(textSizeOf('😀'.repeat(count), TIERS)).toBe(tier)
})
