import { invalidArgument } from './argument-errors.js'

/** Maximum length of a pattern, in UTF-16 units. */
export const MAX_PATTERN_LENGTH = 1_024

/** @throws ValidationError (`INVALID_PATTERN`) unless the pattern is a string of 1 to 1,024 characters */
export function assertPattern(pattern: unknown): asserts pattern is string {
  const isText = typeof pattern === 'string'
  if (isText && pattern !== '' && pattern.length <= MAX_PATTERN_LENGTH) return
  const rule = `a glob of 1 to ${MAX_PATTERN_LENGTH} characters, such as '*' for every key`
  const code = 'INVALID_PATTERN'
  if (!isText || pattern === '') throw invalidArgument('pattern', rule, pattern, { code })
  const received = `${pattern.length} characters`
  throw invalidArgument('pattern', rule, pattern, { code, received })
}

/**
 * Escapes the special characters of globs, so that the pattern matches the text itself, here and in Redis:
 * `*`, `?`, `[`, `]`, `\`, `^` and `-`.
 *
 * @example
 * ```ts
 * await cache.invalidatePattern(`user:${escapeGlob(id)}:*`)
 * ```
 *
 * @throws ValidationError (`INVALID_ARGUMENT`) unless it is a string
 */
export function escapeGlob(text: string): string {
  if (typeof text !== 'string') throw invalidArgument('text', 'a string', text)
  return text.replaceAll(/[*?[\]\\^-]/g, '\\$&')
}

/** A position of a pattern: a star, or a test for a single UTF-16 unit. */
type Token = '*' | ((unit: number) => boolean)

/**
 * Compiles a glob of the Redis dialect: `*`, `?`, `[abc]`, `[a-z]`, `[^abc]`, and `\` to escape a
 * character. Unlike Redis, it reads a `-` before a closing bracket literally, and the ends of a range may
 * be escaped.
 *
 * Matching goes back to the latest star only. The time is bounded by the length of the pattern times the
 * length of the text, also for a hostile pattern.
 *
 * @returns a function that returns whether a text matches
 *
 * @throws ValidationError (`INVALID_PATTERN`)
 */
export function compileGlob(pattern: string): (text: string) => boolean {
  assertPattern(pattern)
  const tokens = tokenize(pattern)
  return (text) => matches(tokens, text)
}

function matches(tokens: readonly Token[], text: string): boolean {
  let token = 0
  let index = 0
  let starToken = -1
  let starIndex = 0
  while (index < text.length) {
    const current = tokens[token]
    if (current === '*') {
      starToken = token++
      starIndex = index
    } else if (current?.(text.charCodeAt(index))) {
      token++
      index++
    } else if (starToken >= 0) {
      token = starToken + 1
      index = ++starIndex
    } else {
      return false
    }
  }
  while (tokens[token] === '*') token++
  return token === tokens.length
}

function tokenize(pattern: string): Token[] {
  const tokens: Token[] = []
  let index = 0
  while (index < pattern.length) {
    const character = pattern.charAt(index)
    if (character === '*') {
      if (tokens.at(-1) !== '*') tokens.push('*')
      index++
    } else if (character === '?') {
      tokens.push(() => true)
      index++
    } else if (character === '[') {
      const [token, next] = characterClass(pattern, index + 1)
      tokens.push(token)
      index = next
    } else {
      const escaped = character === '\\' && index + 1 < pattern.length
      tokens.push(literal(pattern.charCodeAt(escaped ? index + 1 : index)))
      index += escaped ? 2 : 1
    }
  }
  return tokens
}

function literal(expected: number): Token {
  return (unit) => unit === expected
}

/** Reads `[...]` after the opening bracket. Without a closing bracket, the class ends with the pattern. */
function characterClass(pattern: string, start: number): [Token, next: number] {
  let index = start
  const negated = pattern.charAt(index) === '^'
  if (negated) index++
  const ranges: [low: number, high: number][] = []
  const unitAt = (): number => {
    if (pattern.charAt(index) === '\\' && index + 1 < pattern.length) index++
    return pattern.charCodeAt(index++)
  }
  while (index < pattern.length && pattern.charAt(index) !== ']') {
    const low = unitAt()
    const isRange = pattern.charAt(index) === '-' && index + 1 < pattern.length
    if (isRange && pattern.charAt(index + 1) !== ']') {
      index++
      const high = unitAt()
      ranges.push(low <= high ? [low, high] : [high, low])
    } else {
      ranges.push([low, low])
    }
  }
  const inside = (unit: number): boolean =>
    ranges.some(([low, high]) => unit >= low && unit <= high)
  return [negated ? (unit) => !inside(unit) : inside, index + 1]
}
