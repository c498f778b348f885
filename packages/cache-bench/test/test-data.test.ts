import { ConfigurationError } from '@verbatim/cache-core'
import { describe, expect, test } from 'vitest'
import { generateBasicOperationsData } from '../src/index.js'
import { SeededRandom } from '../src/seeded-random.js'

describe('generateBasicOperationsData', () => {
  test('returns the same data for the same seed and other data for another seed', () => {
    const data = generateBasicOperationsData({ count: 50, seed: 7 })
    expect(generateBasicOperationsData({ count: 50, seed: 7 })).toEqual(data)
    expect(generateBasicOperationsData({ count: 50, seed: 8 })).not.toEqual(data)
  })

  test('returns the same first items for a smaller count', () => {
    const data = generateBasicOperationsData({ count: 50, seed: 7 })
    expect(generateBasicOperationsData({ count: 5, seed: 7 })).toEqual(data.slice(0, 5))
  })

  test('returns 100 items with seed 1 by default', () => {
    expect(generateBasicOperationsData()).toEqual(
      generateBasicOperationsData({ count: 100, seed: 1 }),
    )
  })

  test('returns items that vary like the texts of an AI service', () => {
    const data = generateBasicOperationsData({ count: 1_000 })
    const variety = (of: (item: (typeof data)[number]) => unknown): number =>
      new Set(data.map(of)).size
    expect(variety(({ key }) => key)).toBe(1_000)
    expect(variety(({ operation }) => operation)).toBe(5)
    expect(variety(({ text }) => text)).toBe(4)
    expect(variety(({ options }) => JSON.stringify(options))).toBe(9)
    const lengths = new Set(data.map(({ text }) => text.length))
    expect([...lengths].toSorted((a, b) => a - b)).toEqual([
      expect.closeTo(30, -1.5),
      expect.closeTo(300, -1.5),
      expect.closeTo(1_500, -1.5),
      expect.closeTo(4_500, -1.5),
    ])
    for (const { cacheTtl, expectedSizeBytes, text } of data) {
      expect(cacheTtl).toBeGreaterThanOrEqual(300)
      expect(cacheTtl).toBeLessThanOrEqual(3_600)
      expect(expectedSizeBytes).toBeGreaterThan(text.length)
    }
  })

  test.each([{ count: 0 }, { count: 1_000_001 }, { seed: 0 }, { seed: 2 ** 32 }, { seed: 1.5 }])(
    'rejects %j',
    (options) => {
      expect(() => generateBasicOperationsData(options)).toThrow(ConfigurationError)
    },
  )
})

describe('SeededRandom', () => {
  // Fixed numbers keep results of other machines and later versions comparable.
  test.each([
    [1, [312, 24, 529, 417, 219]],
    [4_294_967_295, [11, 66, 132, 832, 592]],
  ])('returns the same numbers for seed %i on every machine', (seed, expected) => {
    const random = new SeededRandom(seed)
    expect(Array.from({ length: 5 }, () => random.integer(0, 999))).toEqual(expected)
  })

  test('covers its range evenly', () => {
    const random = new SeededRandom(1)
    const counts = new Map<number, number>()
    for (let draw = 0; draw < 10_000; draw++) {
      const value = random.integer(3, 7)
      counts.set(value, (counts.get(value) ?? 0) + 1)
    }
    expect([...counts.keys()].toSorted((a, b) => a - b)).toEqual([3, 4, 5, 6, 7])
    for (const count of counts.values()) expect(Math.abs(count - 2_000)).toBeLessThan(200)
  })
})
