import { createHash } from 'node:crypto'
import { types } from 'node:util'
import { invalidArgument } from './argument-errors.js'
import { classNameOf, type DataKind, dataKindOf } from './data-kind.js'
import { describeType, type ValidationError } from './errors.js'
import { describeProperty, extraPropertyOf } from './extra-properties.js'

/** The deepest nesting; deeper input could overflow the stack. */
const MAX_DEPTH = 512
const MOST_BYTES_WRITTEN = 64
/** A value with fewer objects is written fast enough, even if it contains one of them many times. */
const REMEMBERED_FROM_OBJECTS = 65_536
/** The most names, and the longest, whose texts are kept. Options have the same names in every call. */
const MOST_NAMES = 1_000
const LONGEST_NAME = 64

const textsOfNames = new Map<string, string>()

/**
 * Returns a value as JSON, to make cache keys. Equal values give the same text in every process, and
 * different values give different texts.
 *
 * Names of an object are sorted by UTF-16 code units, as in RFC 8785. `undefined` properties are left
 * out, and `-0` is `0`. `Date`, `BigInt`, `Map`, `Set`, `URL` and bytes get tags that no plain object can
 * imitate. More than 64 bytes are written as their SHA-256. Objects of other realms and dates of fake
 * timers are written like those of this realm.
 *
 * A value without a faithful form is rejected:
 *
 * - `NaN`, infinities, integers beyond 2^53, functions, symbols, class instances and cycles
 * - `undefined` and holes in an array
 * - properties on anything but plain objects, and symbol properties
 *
 * @example
 * ```ts
 * const key = `search:${canonicalJson({ text, page: 2 })}`
 * ```
 *
 * @param name - name of the argument, for the message
 * @throws ValidationError (`NOT_CANONICAL`) with the path of the part that cannot be written
 */
export function canonicalJson(value: unknown, name = 'value'): string {
  const place: Place = { names: [name], parents: [], objects: 0, texts: undefined }
  try {
    return write(value, place)
  } catch (error) {
    if (error instanceof RangeError) throw refused('more than fits into a string', place)
    throw error
  }
}

/** Position of the writer: the names from the root and the containers on that path. */
interface Place {
  readonly names: (string | number)[]
  readonly parents: object[]
  /** Number of objects written so far. */
  objects: number
  /** Texts of the objects of a large value, because one object may occur in it many times. */
  texts: Map<object, string> | undefined
}

function write(value: unknown, place: Place): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value)
    case 'boolean':
      return String(value)
    case 'number':
      if (!Number.isFinite(value)) throw refused(String(value), place)
      if (!hasOwnText(value))
        throw refused('an integer beyond 2^53, where several numbers have the same text', place)
      return String(value)
    case 'bigint':
      return tag('$bigint', JSON.stringify(String(value)))
    case 'object':
      return value === null ? 'null' : writeObject(value, place)
    default:
      throw refused(describeType(value), place)
  }
}

/** Returns whether no other number has the same text. */
function hasOwnText(value: number): boolean {
  return Number.isSafeInteger(value) || (Number.isFinite(value) && !Number.isInteger(value))
}

function writeObject(value: object, place: Place): string {
  if (place.parents.includes(value)) throw refused('a reference to its own container', place)
  if (place.parents.length >= MAX_DEPTH) throw refused(`more than ${MAX_DEPTH} levels`, place)
  const known = place.texts?.get(value)
  if (known !== undefined) return known
  place.parents.push(value)
  const text = writeContents(value, place)
  place.parents.pop()
  place.objects += 1
  // An object that contains another one twice, and so on for 40 levels, has too many parts to visit.
  if (place.objects > REMEMBERED_FROM_OBJECTS) (place.texts ??= new Map()).set(value, text)
  return text
}

function writeContents(value: object, place: Place): string {
  const kind = dataKindOf(value)
  if (kind === undefined) throw refused(`an instance of ${classNameOf(value)}`, place)
  const extra = extraPropertyOf(value, kind)
  if (extra !== undefined) throw refused(`an object with ${describeProperty(extra)}`, place)
  return kind === 'plain'
    ? writeProperties(value as Readonly<Record<string, unknown>>, place)
    : writeData(value, kind, place)
}

function writeProperties(value: Readonly<Record<string, unknown>>, place: Place): string {
  let text = ''
  for (const name of sortedNames(value)) {
    const item = value[name]
    if (item === undefined) continue
    const separator = text === '' ? '' : ','
    text += `${separator}${textOfName(name)}:${writeInside(item, name, place)}`
  }
  return `{${text}}`
}

/** Returns the names of an object in order. Sorting takes longer than writing a few options. */
function sortedNames(value: object): readonly string[] {
  const names = Object.keys(value)
  for (let index = 1; index < names.length; index++)
    if ((names[index - 1] as string) > (names[index] as string)) return names.toSorted()
  return names
}

function textOfName(name: string): string {
  const known = textsOfNames.get(name)
  if (known !== undefined) return known
  const text = JSON.stringify(escapeTag(name))
  if (name.length <= LONGEST_NAME && textsOfNames.size < MOST_NAMES) textsOfNames.set(name, text)
  return text
}

function writeInside(item: unknown, name: string | number, place: Place): string {
  // These are never rejected, so their place is not needed.
  if (typeof item === 'string') return JSON.stringify(item)
  if (typeof item === 'boolean' || (typeof item === 'number' && hasOwnText(item)))
    return String(item)
  place.names.push(name)
  const text = write(item, place)
  place.names.pop()
  return text
}

function writeData(value: object, kind: DataKind, place: Place): string {
  const inside = (item: unknown, name: string | number): string => writeInside(item, name, place)
  switch (kind) {
    case 'array':
      return writeArray(value as readonly unknown[], place)
    case 'map':
      return tag('$map', sorted(Array.from(value as Map<unknown, unknown>, inside)))
    case 'set':
      return tag('$set', sorted(Array.from(value as Set<unknown>, inside)))
    case 'date': {
      // The method of the object may belong to the subclass that fake timers make.
      const time = Date.prototype.getTime.call(value)
      if (Number.isNaN(time)) throw refused('an invalid date', place)
      return tag('$date', String(time))
    }
    case 'url':
      return tag('$url', JSON.stringify((value as URL).href))
    default:
      if (types.isUint8Array(value)) return tag('$bytes', bytesText(value))
      throw refused(`an instance of ${classNameOf(value)}`, place)
  }
}

function writeArray(items: readonly unknown[], place: Place): string {
  let text = ''
  for (let index = 0; index < items.length; index++) {
    const item = items[index]
    if (item === undefined && !(index in items))
      throw refused(`an array with a hole at ${index}`, place)
    text += `${index === 0 ? '' : ','}${writeInside(item, index, place)}`
  }
  return `[${text}]`
}

/** Returns few bytes as an array and many as their digest, which takes about as long as hashing them. */
function bytesText(bytes: Uint8Array): string {
  if (bytes.length <= MOST_BYTES_WRITTEN) return `[${bytes.join(',')}]`
  return `{"length":${bytes.length},"sha256":"${createHash('sha256').update(bytes).digest('hex')}"}`
}

function tag(name: string, content: string): string {
  return `{"${name}":${content}}`
}

/** Adds a second dollar to a name that looks like a tag. */
function escapeTag(name: string): string {
  return name.startsWith('$') ? `$${name}` : name
}

function sorted(items: readonly string[]): string {
  return `[${items.toSorted().join(',')}]`
}

const PLAIN_DATA =
  'plain data (text, finite numbers, booleans, null, arrays, objects, dates, bigints, maps, sets, URLs, bytes)'

function refused(received: string, { names: [root, ...names] }: Place): ValidationError {
  const path = `${root}${names.map((name) => `[${JSON.stringify(name)}]`).join('')}`
  return invalidArgument(path, PLAIN_DATA, undefined, {
    code: 'NOT_CANONICAL',
    received,
    context: { path },
  })
}
