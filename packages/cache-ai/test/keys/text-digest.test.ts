import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { countCodePoints, hasMoreCodePoints } from '../../src/keys/code-points.js'
import { textDigest } from '../../src/keys/text-digest.js'

const SLICE = 65_536

test('a long text has the same digest in slices as in one piece', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: SLICE - 3, max: SLICE + 3 }),
      fc.constantFrom('😀', 'é', 'ab', 'x😀y', '𐀀é'),
      (head, tail) => {
        const text = 'a'.repeat(head) + tail.repeat(SLICE)
        expect(textDigest('sha256', text, 'suffix')).toBe(sha256Of(`${text}suffix`))
      },
    ),
    { numRuns: 50 },
  )
})

function sha256Of(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

test.each(['', 'a', '😀', 'a'.repeat(SLICE), '😀'.repeat(SLICE)])(
  'returns the SHA-256 of %.10s',
  (text) => {
    expect(textDigest('sha256', text)).toBe(sha256Of(text))
  },
)

test('counts as many code points as the iterator of a string returns', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.nat(20), (text, limit) => {
      const count = Array.from(text).length
      expect(countCodePoints(text)).toBe(count)
      expect(hasMoreCodePoints(text, limit)).toBe(count > limit)
    }),
    { numRuns: 2_000 },
  )
})
