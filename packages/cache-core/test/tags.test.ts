import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { assertTags } from '../src/implement.js'
import { MAX_KEY_BYTES, MAX_TAGS, ValidationError } from '../src/index.js'

const RULE = 'an array of at most 128 non-empty, well-formed strings of at most 1024 bytes in UTF-8'

describe('assertTags', () => {
  test.each<[what: string, tags: readonly string[]]>([
    ['no tags', []],
    ['one', ['red']],
    ['one twice', ['red', 'red']],
    ['128 of them', Array.from({ length: MAX_TAGS }, (_none, index) => `tag ${index}`)],
    ['whatever is text', [' ', '\n', '\u0000', '😀', '*', 'a,b']],
    ['one of 1024 bytes', ['é'.repeat(MAX_KEY_BYTES / 2)]],
  ])('accepts %s', (_what, tags) => {
    expect(() => assertTags(tags)).not.toThrow()
  })

  test.each<[tags: unknown, received: string]>([
    [undefined, 'undefined'],
    [null, 'null'],
    ['red', 'a string'],
    [5, '5'],
    [{ 0: 'red', length: 1 }, 'an object'],
    [new Set(['red']), 'an object'],
    [() => ['red'], 'a function'],
    [Array.from({ length: MAX_TAGS + 1 }, () => 'red'), '129 tags'],
    [['red', undefined], 'undefined at index 1'],
    [Array.of<unknown>(null), 'null at index 0'],
    [['red', 'green', 5], '5 at index 2'],
    [[['red']], 'an array at index 0'],
    [[{ toString: () => 'red' }], 'an object at index 0'],
    // oxlint-disable-next-line no-sparse-arrays -- this test needs a hole
    [['red', , 'green'], 'undefined at index 1'],
    [['red', ''], 'an empty string at index 1'],
    [['a\ud800'], 'half of a surrogate pair at index 0'],
    [['é'.repeat(513)], 'a longer string at index 0'],
    [['red', 'r'.repeat(1_025)], 'a longer string at index 1'],
  ])('rejects %o', (tags, received) => {
    expect(() => assertTags(tags)).toThrow(
      expect.objectContaining({
        name: 'ValidationError',
        code: 'INVALID_TAGS',
        message: `tags must be ${RULE}; received ${received}`,
        context: { argument: 'tags', received },
      }),
    )
  })

  test('accepts an array if and only if each of its tags could be a key', () => {
    const unit = fc.oneof(fc.string({ unit: 'binary', maxLength: 2 }), fc.constant('\ud800'))
    const tag = fc.tuple(unit, fc.nat(700)).map(([text, times]) => text.repeat(times))
    fc.assert(
      fc.property(fc.array(tag, { maxLength: 3 }), (tags) => {
        const areAllowed = tags.every(
          (text) => text !== '' && text.isWellFormed() && Buffer.byteLength(text) <= MAX_KEY_BYTES,
        )
        let refusal: unknown
        try {
          assertTags(tags)
        } catch (error) {
          refusal = error
        }
        expect(refusal === undefined).toBe(areAllowed)
        expect(refusal === undefined || refusal instanceof ValidationError).toBe(true)
      }),
    )
  })
})
