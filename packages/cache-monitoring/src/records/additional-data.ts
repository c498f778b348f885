import type { AdditionalData, AdditionalValue } from './measurements.js'

/** Limits of the additional data of one record. A shortened text ends in `…`. */
const LONGEST_TEXT = 1_000
const MOST_CHARACTERS = 4_000
const MOST_VALUES = 100
const DEEPEST = 4

const CUT = '…'

export const NO_ADDITIONAL_DATA: AdditionalData = Object.freeze({})

/**
 * Returns a copy of additional data that JSON can carry and that takes bounded memory.
 *
 * Copying runs getters of the data, but neither `toJSON` nor iterators. A bigint becomes its digits, a date
 * its ISO text, a map an object and a set an array. Anything without a form in JSON becomes a text such as
 * `[function]`, `[circular]` or `[unreadable]`.
 */
export function plainAdditionalData(data: unknown): AdditionalData {
  if (data === undefined || data === null) return NO_ADDITIONAL_DATA
  const copy = new PlainCopy().of(data)
  return isFields(copy) ? copy : { value: copy }
}

/** Returns a text of at most 1,000 characters; `''` for anything but a text. */
export function boundedText(text: unknown): string {
  if (typeof text !== 'string') return ''
  return text.length <= LONGEST_TEXT ? text : cut(text, LONGEST_TEXT)
}

/** Copies the data of one record. The limits hold for the whole record. */
class PlainCopy {
  readonly #ancestors = new Set<object>()
  #valuesLeft = MOST_VALUES
  #charactersLeft = MOST_CHARACTERS

  of(value: unknown): AdditionalValue {
    this.#valuesLeft--
    switch (typeof value) {
      case 'string':
        return this.#text(value)
      case 'number':
        // JSON has no NaN, and writes a negative zero as 0.
        return Number.isFinite(value) ? value + 0 : null
      case 'boolean':
        return value
      case 'bigint':
        // The digits of a huge bigint would take seconds.
        return BigInt.asIntN(128, value) === value ? String(value) : '[bigint]'
      case 'object':
        return value === null ? null : this.#object(value)
      default:
        return `[${typeof value}]`
    }
  }

  #object(value: object): AdditionalValue {
    if (this.#ancestors.has(value)) return '[circular]'
    if (this.#ancestors.size >= DEEPEST) return '[too deep]'
    this.#ancestors.add(value)
    try {
      return this.#content(value)
    } catch {
      return '[unreadable]'
    } finally {
      this.#ancestors.delete(value)
    }
  }

  #content(value: object): AdditionalValue {
    if (Array.isArray(value)) return this.#list(itemsOf(value), value.length)
    const tag = Object.prototype.toString.call(value)
    if (ArrayBuffer.isView(value) || tag === '[object ArrayBuffer]') {
      return `[${(value as ArrayBufferView).byteLength} bytes]`
    }
    if (tag === '[object Date]') {
      const milliseconds = Date.prototype.getTime.call(value)
      return Number.isNaN(milliseconds) ? null : new Date(milliseconds).toISOString()
    }
    if (tag === '[object Map]') return this.#fields(entriesOf(value as Map<unknown, unknown>))
    if (tag === '[object Set]') {
      return this.#list(membersOf(value as Set<unknown>), (value as Set<unknown>).size)
    }
    if (tag === '[object Error]') {
      const { name, message } = value as Error
      return this.#text([name, message].join(': '))
    }
    return this.#fields(fieldsOf(value))
  }

  #list(items: Iterable<() => unknown>, length: number): AdditionalValue {
    const copy: AdditionalValue[] = []
    for (const read of items) {
      if (this.#isFull()) break
      copy.push(this.#read(read))
    }
    if (copy.length < length) copy.push(CUT)
    return copy
  }

  #fields(entries: Iterable<readonly [name: string, read: () => unknown]>): AdditionalData {
    const copy: [string, AdditionalValue][] = []
    for (const [name, read] of entries) {
      if (this.#isFull()) {
        copy.push([CUT, CUT])
        break
      }
      copy.push([this.#text(name), this.#read(read)])
    }
    return Object.fromEntries(copy)
  }

  #read(read: () => unknown): AdditionalValue {
    try {
      return this.of(read())
    } catch {
      return '[unreadable]'
    }
  }

  #text(text: string): string {
    const shortened = cut(text, Math.max(0, Math.min(LONGEST_TEXT, this.#charactersLeft)))
    this.#charactersLeft -= shortened.length
    return shortened
  }

  #isFull(): boolean {
    return this.#valuesLeft <= 0 || this.#charactersLeft <= 0
  }
}

function* fieldsOf(value: object): Iterable<readonly [string, () => unknown]> {
  for (const name in value) {
    if (Object.prototype.propertyIsEnumerable.call(value, name)) {
      yield [name, () => (value as Record<string, unknown>)[name]]
    }
  }
}

function* entriesOf(map: Map<unknown, unknown>): Iterable<readonly [string, () => unknown]> {
  for (const [name, value] of firstOf(Map.prototype.entries.call(map))) {
    yield [isNameable(name) ? String(name) : `[${typeof name}]`, () => value]
  }
}

function isNameable(name: unknown): boolean {
  return typeof name === 'string' || typeof name === 'number' || typeof name === 'boolean'
}

function* itemsOf(list: readonly unknown[]): Iterable<() => unknown> {
  const length = Math.min(list.length, MOST_VALUES)
  for (let index = 0; index < length; index++) yield () => list[index]
}

function* membersOf(set: Set<unknown>): Iterable<() => unknown> {
  for (const member of firstOf(Set.prototype.values.call(set))) yield () => member
}

function* firstOf<T>(values: Iterable<T>): Iterable<T> {
  let count = 0
  for (const value of values) {
    yield value
    if (++count === MOST_VALUES) return
  }
}

function cut(text: string, length: number): string {
  if (text.length <= length) return copied(text)
  return `${copied(text.slice(0, length)).toWellFormed()}${CUT}`
}

function isFields(value: AdditionalValue): value is AdditionalData {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * Returns a copy of a text in memory of its own. V8 lets a part of a text keep the whole text alive.
 */
export function copied(text: string): string {
  return Buffer.from(text, 'utf16le').toString('utf16le')
}
