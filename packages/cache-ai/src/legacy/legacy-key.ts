import { createHash } from 'node:crypto'
import { ValidationError } from '@verbatim/cache-core'
import { describeType } from '@verbatim/cache-core/implement'
import { countCodePoints, hasMoreCodePoints } from '../keys/code-points.js'
import { textDigest } from '../keys/text-digest.js'

export interface LegacyKeyOptions {
  /** Texts of more code points than this are hashed. */
  readonly textHashThreshold: number
  readonly hashAlgorithm: string
}

/** White space as Python defines it. JavaScript's `\s` differs in a few characters. */
const WHITE_SPACE =
  // oxlint-disable-next-line no-control-regex -- Python counts some control characters as white space
  /[\t-\r\u001C-\u0020\u0085\u00A0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u3000]+/
const DIGEST_DIGITS = 16
const SHORT_DIGEST_DIGITS = 8

/**
 * Returns exactly the key of the Python version, without a prefix. Use it only to read responses that the
 * Python version stored, because different requests can have the same legacy key.
 *
 * @throws ValidationError for a text or options that have no key in the Python version
 */
export function legacyKey(
  { textHashThreshold, hashAlgorithm }: LegacyKeyOptions,
  text: string,
  operation: string,
  options: Readonly<Record<string, unknown>>,
  question: string | undefined,
): string {
  assertWellFormed('text', text)
  assertWellFormed('question', question ?? '')
  const parts = [`op:${operation}`]
  if (hasMoreCodePoints(text, textHashThreshold)) {
    const words = text.split(WHITE_SPACE).filter((word) => word !== '').length
    const suffix = `len:${countCodePoints(text)}words:${words}`
    const digest = textDigest(hashAlgorithm, text, suffix)
    parts.push(`txt:hash:${digest.slice(0, DIGEST_DIGITS)}`)
  } else {
    parts.push(`txt:${text.replaceAll(/[|:]/g, '_')}`)
  }
  const names = Object.keys(options).toSorted(byCodePoint)
  if (names.length > 0) {
    parts.push(`opts:${md5(names.map((name) => `${name}=${pythonText(options[name])}`).join('&'))}`)
  }
  if (question !== undefined && question !== '') parts.push(`q:${md5(question)}`)
  return parts.join('|')
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex').slice(0, SHORT_DIGEST_DIGITS)
}

/** Compares like Python. JavaScript compares UTF-16 units, which orders emoji differently. */
function byCodePoint(one: string, other: string): number {
  const [left, right] = [Array.from(one), Array.from(other)]
  for (const [index, character] of left.entries()) {
    const difference = (character.codePointAt(0) ?? 0) - (right[index]?.codePointAt(0) ?? -1)
    if (difference !== 0) return difference
  }
  return left.length - right.length
}

function assertWellFormed(argument: string, text: string): void {
  if (text.isWellFormed()) return
  throw new ValidationError(
    `${argument} must be a well-formed string for a legacy key; received half a surrogate pair`,
    { code: 'INVALID_ARGUMENT', context: { argument, received: describeType(text) } },
  )
}

/**
 * Returns a value as Python's `str` writes it. The Python version writes options in this form.
 *
 * @throws ValidationError (`NO_LEGACY_FORM`) for a value that JSON cannot hold
 */
function pythonText(value: unknown): string {
  return typeof value === 'string' ? value : pythonLiteral(value)
}

/** Returns a value as Python's `repr` writes it. */
function pythonLiteral(value: unknown): string {
  if (value === null) return 'None'
  if (Array.isArray(value)) return `[${value.map(pythonLiteral).join(', ')}]`
  switch (typeof value) {
    case 'string':
      return quoted(value)
    case 'boolean':
      return value ? 'True' : 'False'
    case 'number':
      return number(value)
    case 'object':
      if (Object.getPrototypeOf(value) === Object.prototype) return dictionary(value)
      break
    default:
  }
  throw new ValidationError(
    `options must hold only JSON values for a legacy key; received ${describeType(value)}`,
    { code: 'NO_LEGACY_FORM' },
  )
}

function dictionary(value: object): string {
  const items = Object.entries(value).map(
    ([name, item]) => `${quoted(name)}: ${pythonLiteral(item)}`,
  )
  return `{${items.join(', ')}}`
}

/** Writes whole numbers as `int`, because JavaScript does not distinguish 1.0 from 1. */
function number(value: number): string {
  if (Number.isInteger(value)) return BigInt(value).toString()
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : value < 0 ? '-inf' : 'nan'
  const [digits = '', exponent] = value.toExponential().split('e')
  // Python switches to an exponent below 1e-4, and writes at least two digits of it.
  if (Number(exponent) >= -4) return String(value)
  return `${digits}e-${String(-Number(exponent)).padStart(2, '0')}`
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
}

/** Uses double quotes only for a text with single quotes and without double quotes. */
function quoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'"
  const escaped = text.replaceAll(/\\|\p{C}|(?! )\p{Z}/gu, escapedCharacter)
  return quote + (quote === "'" ? escaped.replaceAll("'", "\\'") : escaped) + quote
}

function escapedCharacter(character: string): string {
  const escape = ESCAPES[character]
  if (escape !== undefined) return escape
  const point = character.codePointAt(0) ?? 0
  const digits = point.toString(16)
  if (point <= 0xff) return `\\x${digits.padStart(2, '0')}`
  return point <= 0xffff ? `\\u${digits.padStart(4, '0')}` : `\\U${digits.padStart(8, '0')}`
}
