import { describeReceived } from './argument-errors.js'
import { dataKindOf } from './data-kind.js'
import { ValidationError } from './errors.js'
import { enumerableSymbolOf } from './extra-properties.js'

/** Maximum length of an unknown name in a message. */
const SHOWN_CHARACTERS = 40

/** An error class that {@link assertKnownFields} can throw. */
type FieldError = new (
  message: string,
  options: { code: string; context: Readonly<Record<string, unknown>> },
) => Error

/**
 * Rejects options that are not a plain object, or that have an unknown field.
 *
 * @param argument - name of the argument, for the message
 * @param FieldError - class of the error. Default: `ValidationError`
 * @param code - code of the error. Default: `INVALID_ARGUMENT`
 * @throws ValidationError that names the unknown field and the nearest known name
 */
export function assertKnownFields(
  options: unknown,
  known: ReadonlySet<string>,
  argument: string,
  FieldError: FieldError = ValidationError,
  code = 'INVALID_ARGUMENT',
): void {
  if (options === null || typeof options !== 'object' || dataKindOf(options) !== 'plain') {
    const received = describeReceived(options)
    const message = `${argument} must be a plain object; received ${received}`
    throw new FieldError(message, { code, context: { argument, received } })
  }
  const field = unknownField(options, known)
  if (field === undefined) return
  const name = typeof field === 'symbol' ? (field.description ?? '') : field
  const shownName = typeof field === 'symbol' ? `Symbol(${name && shown(name)})` : shown(name)
  const nearest = nearestName(name, known)
  const suggestion = nearest === undefined ? '' : ` Did you mean ${nearest}?`
  const names = [...known].join(', ')
  const message = `${argument} must not have the unknown field ${shownName}.${suggestion} Known fields: ${names}`
  throw new FieldError(message, { code, context: { argument, field: shownName } })
}

function unknownField(options: object, known: ReadonlySet<string>): string | symbol | undefined {
  for (const field of Object.keys(options)) if (!known.has(field)) return field
  return enumerableSymbolOf(options)
}

/** Returns the known name that is most similar to a misspelled one, or `undefined`. */
export function nearestName(name: string, known: Iterable<string>): string | undefined {
  const written = comparable(name)
  let nearest: string | undefined
  let fewest = Math.max(2, Math.floor(written.length / 3)) + 1
  for (const candidate of known) {
    const edits = editDistance(written, comparable(candidate))
    if (edits < fewest) {
      fewest = edits
      nearest = candidate
    }
  }
  return nearest
}

/** Removes the differences in case and separators between `max_size`, `MaxSize` and `maxSize`. */
function comparable(name: string): string {
  return name
    .slice(0, 2 * SHOWN_CHARACTERS)
    .toLowerCase()
    .replaceAll(/[-_\s]/g, '')
}

function shown(field: string): string {
  const cut = field.length > SHOWN_CHARACTERS ? `${field.slice(0, SHOWN_CHARACTERS)}…` : field
  return /^[\w$.-]+…?$/.test(cut) ? cut : JSON.stringify(cut)
}

/** Returns the Levenshtein distance. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let line = 1; line <= from.length; line++) {
    const next = [line]
    for (let column = 1; column <= to.length; column++) {
      const replaced = (row[column - 1] ?? 0) + (from[line - 1] === to[column - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[to.length] ?? 0
}
