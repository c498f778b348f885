import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { assertPattern, compileGlob } from '../src/implement.js'
import { escapeGlob, MAX_PATTERN_LENGTH, ValidationError } from '../src/index.js'

describe('compileGlob', () => {
  test.each([
    ['key', 'key', 'keys'],
    ['key', 'key', 'ke'],
    ['Key', 'Key', 'key'],
    ['*', '', undefined],
    ['*', 'any\nthing', undefined],
    ['user:*', 'user:', 'user'],
    ['*:1', 'user:1', 'user:12'],
    ['a*b*c', 'a-b-b-c', 'a-c-b'],
    ['***', 'x', undefined],
    ['*aab', 'aaaab', 'aaaa'],
    ['?', '\n', ''],
    ['a?c', 'abc', 'ac'],
    ['??', '😀', 'x'],
    ['h[ae]llo', 'hello', 'hillo'],
    ['h[a-e]llo', 'hcllo', 'hfllo'],
    ['h[e-a]llo', 'hcllo', 'hfllo'],
    ['h[^e]llo', 'hallo', 'hello'],
    ['[a-ce-g0]', 'f', 'd'],
    ['[a^]', '^', 'b'],
    ['[-a]', '-', 'b'],
    ['[a-]', '-', 'b'],
    ['[*?]', '*', 'a'],
    ['[\\]]', ']', '\\'],
    ['[\\^a]', '^', 'b'],
    ['[a\\-c]', '-', 'b'],
    ['[\\a-\\c]', 'b', '\\'],
    ['[^\\]]', 'a', ']'],
    ['[^]', 'a', ''],
    ['[é-ü]', 'ö', 'o'],
    ['\\*', '*', 'a'],
    ['\\\\', '\\', '\\\\'],
    ['\\a', 'a', '\\a'],
    ['a]', 'a]', 'a'],
    ['.', '.', 'a'],
    ['(a|b)+$', '(a|b)+$', 'a'],
    // As in Redis: an unfinished class ends with the pattern, and a last backslash is literal.
    ['[ab', 'b', '[ab'],
    ['[a-', '-', 'b'],
    ['a\\', 'a\\', 'a'],
    ['[\\', '\\', '['],
  ])('matches with %j the text %j and not %j', (pattern, match, other) => {
    const matches = compileGlob(pattern)
    expect(matches(match)).toBe(true)
    expect(other !== undefined && matches(other)).toBe(false)
  })

  test.each(['[]', '[', '[]a]'])(
    'matches nothing with %j, because its class is empty',
    (pattern) => {
      const matches = compileGlob(pattern)
      for (const text of ['', 'a', '[', ']', '[]', 'a]']) expect(matches(text)).toBe(false)
    },
  )

  test('agrees with a matcher that tries every possibility', () => {
    fc.assert(
      fc.property(fc.array(PART, { minLength: 1, maxLength: 6 }), TEXT, (parts, text) => {
        const pattern = parts.map(({ written }) => written).join('')
        expect(compileGlob(pattern)(text)).toBe(matchesEveryWay(parts, text))
      }),
      { numRuns: 5_000 },
    )
  })

  test('escapeGlob escapes every special character, including those of classes', () => {
    expect(escapeGlob('a*?[]\\^-.')).toBe('a\\*\\?\\[\\]\\\\\\^\\-.')
    expect(compileGlob(`[${escapeGlob('a-c')}]`)('b')).toBe(false)
  })

  test('an escaped text matches only itself', () => {
    const text = fc.string({ unit: SYMBOL, minLength: 1, maxLength: 20 })
    fc.assert(
      fc.property(text, text, (own, other) => {
        const matches = compileGlob(escapeGlob(own))
        expect(matches(own)).toBe(true)
        expect(matches(other)).toBe(own === other)
        expect(compileGlob(`${escapeGlob(own)}*`)(own + other)).toBe(true)
      }),
      { numRuns: 2_000 },
    )
  })

  test('a hostile pattern takes at most its length times the length of the text', () => {
    for (const pattern of ['*a'.repeat(100), `${'*a'.repeat(100)}b`, `*${'a'.repeat(200)}b`]) {
      const matches = compileGlob(pattern)
      const [work, doubled] = [5_000, 10_000].map((length) => {
        const text = new CountingText('a'.repeat(length))
        matches(text as unknown as string)
        return text.reads
      }) as [number, number]
      expect(work).toBeLessThanOrEqual(pattern.length * 5_000)
      expect(doubled / work).toBeLessThan(2.1)
    }
  })
})

describe('assertPattern', () => {
  test.each([
    ['', '; received an empty string'],
    ['a'.repeat(MAX_PATTERN_LENGTH + 1), '; received 1025 characters'],
    [undefined, '; received undefined'],
    [42, '; received 42'],
    [['*'], '; received an array'],
  ])('rejects %o', (pattern, problem) => {
    for (const use of [assertPattern, compileGlob] as ((pattern: unknown) => unknown)[]) {
      expect(() => use(pattern)).toThrow(ValidationError)
      expect(() => use(pattern)).toThrow(
        expect.objectContaining({
          code: 'INVALID_PATTERN',
          context: expect.objectContaining({ argument: 'pattern' }),
          message: expect.stringContaining(problem),
        }),
      )
    }
  })

  test('accepts the longest pattern', () => {
    const longest = 'a'.repeat(MAX_PATTERN_LENGTH)
    expect(compileGlob(longest)(longest)).toBe(true)
  })
})

/** An element of a pattern: its text and the characters that it matches. */
interface Part {
  readonly written: string
  readonly takes: 'any run' | ((character: string) => boolean)
}

const SYMBOL = fc.constantFrom(...Array.from('ab-^[]\\*?.'))
const TEXT = fc.string({ unit: SYMBOL, maxLength: 8 })

const LETTERS = ['a', 'b', 'c']
const ENDS = fc.tuple(fc.constantFrom(...LETTERS), fc.constantFrom(...LETTERS))

const PART: fc.Arbitrary<Part> = fc.oneof(
  fc.constant<Part>({ written: '*', takes: 'any run' }),
  fc.constant<Part>({ written: '?', takes: () => true }),
  SYMBOL.map((symbol): Part => ({ written: `\\${symbol}`, takes: (one) => one === symbol })),
  fc
    .constantFrom(...Array.from('ab-^].'))
    .map((symbol): Part => ({ written: symbol, takes: (one) => one === symbol })),
  fc.tuple(fc.boolean(), fc.array(fc.oneof(SYMBOL, ENDS), { maxLength: 3 })).map(
    ([negated, items]): Part => ({
      written: `[${negated ? '^' : ''}${items.map((item) => (Array.isArray(item) ? item.join('-') : `\\${item}`)).join('')}]`,
      takes: (one) => {
        const inside = items.some((item) => {
          if (!Array.isArray(item)) return one === item
          const [low, high] = item.toSorted() as [string, string]
          return one >= low && one <= high
        })
        return inside !== negated
      },
    }),
  ),
)

test.each([5, undefined, null, {}, ['*']])('escapeGlob rejects %j', (text) => {
  expect(() => escapeGlob(text as string)).toThrow(ValidationError)
  expect(() => escapeGlob(text as string)).toThrow('text must be a string; received')
})

function matchesEveryWay(parts: readonly Part[], text: string): boolean {
  const [part, ...rest] = parts
  if (part === undefined) return text === ''
  if (part.takes === 'any run') {
    return Array.from({ length: text.length + 1 }, (_, taken) => taken).some((taken) =>
      matchesEveryWay(rest, text.slice(taken)),
    )
  }
  return text !== '' && part.takes(text.charAt(0)) && matchesEveryWay(rest, text.slice(1))
}

/** Replaces a text and counts the reads of its characters, which is the same on any machine. */
class CountingText {
  reads = 0
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  get length(): number {
    return this.#text.length
  }

  charCodeAt(index: number): number {
    this.reads++
    return this.#text.charCodeAt(index)
  }
}
