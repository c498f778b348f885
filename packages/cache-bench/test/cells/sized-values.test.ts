import { deflateSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { makeSizedValue } from '../../src/cells/sized-values.js'

describe.each(['text', 'structured'] as const)('a %s value', (kind) => {
  test.each([100, 1_024, 10_240])('has exactly %i bytes as JSON', (bytes) => {
    for (const id of [0, 7, 999]) {
      const value = makeSizedValue(kind, bytes, id)
      expect(Buffer.byteLength(JSON.stringify(value))).toBe(bytes)
      expect(makeSizedValue(kind, bytes, id)).toEqual(value)
      expect(makeSizedValue(kind, bytes, id + 1)).not.toEqual(value)
    }
  })

  test('compresses about as much as a real text', () => {
    const json = JSON.stringify(makeSizedValue(kind, 10_240, 1))
    const ratio = deflateSync(json).length / json.length
    expect(ratio).toBeGreaterThan(0.15)
    expect(ratio).toBeLessThan(0.6)
  })
})
