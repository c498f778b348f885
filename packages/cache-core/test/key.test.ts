import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { assertKey, utf8Length } from '../src/implement.js'
import { MAX_KEY_BYTES, ValidationError } from '../src/index.js'

describe('utf8Length', () => {
  test('agrees with Buffer.byteLength', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(utf8Length(text)).toBe(Buffer.byteLength(text))
      }),
    )
  })

  test.each([
    '',
    '\u007f',
    '\u0080',
    '\u07ff',
    '\u0800',
    '\ud7ff',
    '\ue000',
    '\uffff',
    '😀',
    'é日😀',
  ])('agrees with Buffer.byteLength for %j', (text) => {
    expect(utf8Length(text)).toBe(Buffer.byteLength(text))
  })
})

describe('assertKey', () => {
  test.each([
    ['a letter', 'k'],
    ['a NUL', '\u0000'],
    ['a space', ' '],
    ['a line break', '\n'],
    ['a pair of surrogates', '😀'],
    ['1024 letters', 'k'.repeat(MAX_KEY_BYTES)],
    ['512 characters of two bytes', 'é'.repeat(MAX_KEY_BYTES / 2)],
    ['341 characters of three bytes', '日'.repeat(341)],
    ['256 pairs of surrogates', '😀'.repeat(MAX_KEY_BYTES / 4)],
  ])('accepts %s', (_name, key) => {
    expect(() => assertKey(key)).not.toThrow()
  })

  test.each([
    ['undefined', undefined, 'undefined'],
    ['null', null, 'null'],
    ['a number', 42, '42'],
    ['a list of arguments', ['key', 'EX', '1'], 'an array'],
    ['an object that reads as text', { toString: () => 'key' }, 'an object'],
    ['empty text', '', 'an empty string'],
    ['1025 letters', 'k'.repeat(MAX_KEY_BYTES + 1), '1025 bytes'],
    ['513 characters of two bytes', 'é'.repeat(513), '1026 bytes'],
    ['342 characters of three bytes', '日'.repeat(342), '1026 bytes'],
    ['257 pairs of surrogates', '😀'.repeat(257), '1028 bytes'],
    ['a high surrogate alone', 'a\ud800', 'half of a surrogate pair'],
    ['a low surrogate alone', '\udc00a', 'half of a surrogate pair'],
    ['a pair the wrong way round', '\ude00\ud83d', 'half of a surrogate pair'],
  ])('rejects %s', (_name, key, received) => {
    let refusal: unknown
    try {
      assertKey(key)
    } catch (error) {
      refusal = error
    }
    expect(refusal).toBeInstanceOf(ValidationError)
    expect(refusal).toMatchObject({ code: 'INVALID_KEY', context: { argument: 'key', received } })
    expect((refusal as ValidationError).message).toBe(
      `key must be a non-empty, well-formed string of at most 1024 bytes in UTF-8; received ${received}`,
    )
  })

  test('accepts a string if and only if it is well formed and short enough', () => {
    const unit = fc.oneof(fc.string({ unit: 'binary', maxLength: 1 }), fc.constant('\ud800'))
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 700, size: 'max' }), (key) => {
        const allowed = key !== '' && key.isWellFormed() && Buffer.byteLength(key) <= MAX_KEY_BYTES
        let accepted = true
        try {
          assertKey(key)
        } catch {
          accepted = false
        }
        expect(accepted).toBe(allowed)
      }),
    )
  })
})
