import { createHash } from 'node:crypto'
import { ValidationError } from '@verbatim/cache-core'
import { describeType } from '@verbatim/cache-core/implement'
import { countCodePoints, hasMoreCodePoints } from './code-points.js'
import { pythonText } from './python-text.js'
import { textDigest } from './text-digest.js'

export interface LegacyKeyOptions {
  readonly textHashThreshold: number
  readonly hashAlgorithm: string
}

/** What Python takes for white space, which JavaScript's `\s` is not quite. */
const WHITE_SPACE =
  // oxlint-disable-next-line no-control-regex -- it takes separators among the controls, too
  /[\t-\r\u001C-\u0020\u0085\u00A0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u3000]+/
const DIGEST_DIGITS = 16
const SHORT_DIGEST_DIGITS = 8

/**
 * The key that the Python version makes, digit for digit, to find what it has stored. Not to be used for
 * anything else: different requests may share such a key.
 *
 * @throws ValidationError for a text or options that the Python version has no key for
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
    const behind = `len:${countCodePoints(text)}words:${words}`
    const digest = textDigest(hashAlgorithm, text, behind)
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

/** As Python sorts; JavaScript sorts by UTF-16 units, which differs beyond the first plane. */
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
    `${argument} has half a surrogate pair; the Python version has no key for it`,
    {
      code: 'INVALID_ARGUMENT',
      context: { argument, received: describeType(text) },
    },
  )
}
