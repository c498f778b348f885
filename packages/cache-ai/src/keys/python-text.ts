import { ValidationError } from '@verbatim/cache-core'
import { describeType } from '@verbatim/cache-core/implement'

/**
 * A value as Python's `str` writes it, as the Python version does with options: what JSON can hold, and
 * nothing else.
 *
 * @throws ValidationError (`NO_LEGACY_FORM`)
 */
export function pythonText(value: unknown): string {
  return typeof value === 'string' ? value : pythonLiteral(value)
}

/** As `repr` writes it. */
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
    `options hold ${describeType(value)}; the Python version has no key for it`,
    {
      code: 'NO_LEGACY_FORM',
    },
  )
}

function dictionary(value: object): string {
  const items = Object.entries(value).map(
    ([name, item]) => `${quoted(name)}: ${pythonLiteral(item)}`,
  )
  return `{${items.join(', ')}}`
}

/** A whole number is an `int`: JavaScript cannot tell 1.0 from 1. */
function number(value: number): string {
  if (Number.isInteger(value)) return BigInt(value).toString()
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : value < 0 ? '-inf' : 'nan'
  const [digits = '', exponent] = value.toExponential().split('e')
  // Python writes small ones with an exponent sooner, and with two digits of it at least.
  if (Number(exponent) >= -4) return String(value)
  return `${digits}e-${String(-Number(exponent)).padStart(2, '0')}`
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
}

/** In double quotes if there are single ones in it, and no double ones. */
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
