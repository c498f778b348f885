import { types } from 'node:util'

// Sizes in V8 on 64 bits without pointer compression, as in Node. Measured in
// `test/memory-estimate.test.ts`.
const WORD = 8
const NUMBER_BYTES = 16
const STRING_BYTES = 16
const OBJECT_BYTES = 32
const ARRAY_BYTES = 48
const COLLECTION_BYTES = 88
const DATE_BYTES = 104
const VIEW_BYTES = 104
const BUFFER_BYTES = 96
const URL_BYTES = 180
const REGEXP_BYTES = 160

/** Strings up to this length are mostly shared, by literals and by `JSON.parse`. */
const SHARED_STRING_LENGTH = 10
/** Strings up to this length count 1.25 bytes per character, without a look at the characters. */
const SHORT_STRING_LENGTH = 32
/** A larger object is stored as a dictionary with its own names. */
const DICTIONARY_SIZE = 32
/** Number of objects in a container that are measured. They represent the others. */
const SAMPLED_OBJECTS = 4
/** Number of parts of a container that are visited. */
const SAMPLED_PARTS = 2_048
/** Above this number of objects, only one object in each container is measured. */
const MOST_OBJECTS = 4_096
/** Maximum depth. Deeper parts are not counted, because they could overflow the stack. */
const MAX_DEPTH = 512
/** Up to this number of counted objects, an array is searched; a set is used above. */
const SEARCHED_OBJECTS = 12

/**
 * Estimates the memory that a value occupies in this process, in bytes, on the heap and outside of it.
 *
 * The estimate is within a factor of two for plain data. Shared parts count once. The time is bounded:
 * in a container with many parts, only some are measured and represent the others.
 */
export function estimateBytes(value: unknown): number {
  if (typeof value === 'string') return stringBytes(value)
  if (typeof value !== 'object' || value === null) return primitiveBytes(value)
  return new Estimate().objectBytes(value, 0)
}

class Estimate {
  readonly #few: object[] = []
  #many: Set<object> | undefined

  /** Whether so many objects were measured that only one object of each container is measured from now on. */
  get isExhausted(): boolean {
    return this.#many !== undefined && this.#many.size > MOST_OBJECTS
  }

  /** Returns the bytes of an object with its parts; 0 if it was counted before. */
  objectBytes(value: object, depth: number): number {
    if (depth > MAX_DEPTH || this.#isCounted(value)) return 0
    if (Array.isArray(value)) return this.#arrayBytes(value, depth)
    const prototype: unknown = Object.getPrototypeOf(value)
    if (prototype === Object.prototype || prototype === null) return this.#plainBytes(value, depth)
    if (ArrayBuffer.isView(value)) return this.#viewBytes(value)
    if (types.isDate(value)) return DATE_BYTES
    if (types.isMap(value)) return this.#mapBytes(value, depth)
    if (types.isSet(value)) return this.#setBytes(value, depth)
    if (types.isAnyArrayBuffer(value)) return BUFFER_BYTES + value.byteLength
    if (types.isRegExp(value)) return REGEXP_BYTES + stringBytes(value.source)
    if (value instanceof URL) return URL_BYTES + stringBytes(value.href)
    return this.#plainBytes(value, depth)
  }

  #plainBytes(value: object, depth: number): number {
    let bytes = OBJECT_BYTES
    let count = 0
    let objectBytes = 0
    let objects = 0
    let skipped = 0
    // Does not create a list of names or parts: most objects are small, and this loop takes most of the time.
    for (const name in value) {
      if (++count > DICTIONARY_SIZE)
        return bytes + objectBytes + this.#dictionaryBytes(value, depth)
      const part = (value as Record<string, unknown>)[name]
      if (typeof part === 'string') bytes += stringBytes(part)
      else if (typeof part !== 'object') bytes += primitiveBytes(part)
      else if (part === null) continue
      else if (this.isExhausted && objects > 0) skipped++
      else {
        objectBytes += this.objectBytes(part, depth + 1)
        objects++
      }
    }
    if (skipped > 0) objectBytes *= (objects + skipped) / objects
    // Without a prototype an object is a hash table from the start.
    const hasTable = Object.getPrototypeOf(value) === null
    return bytes + objectBytes + (hasTable ? tableSize(1.5 * count) * 24 : count * WORD)
  }

  /** Returns the bytes of a large object, without the parts that the caller has already counted. */
  #dictionaryBytes(value: object, depth: number): number {
    const names = Object.keys(value)
    const rest = names.length - DICTIONARY_SIZE
    const parts = new Parts(this, depth, Math.min(rest, SAMPLED_PARTS))
    const step = Math.ceil(rest / SAMPLED_PARTS)
    let nameBytes = 0
    for (let index = DICTIONARY_SIZE; index < names.length; index += step) {
      const name = names[index] as string
      parts.add((value as Record<string, unknown>)[name])
      nameBytes += stringBytes(name) * (names.length / rest)
    }
    return tableSize(1.5 * names.length) * 24 + (parts.bytes() + nameBytes) * step
  }

  #arrayBytes(value: readonly unknown[], depth: number): number {
    const step = Math.ceil(value.length / SAMPLED_PARTS)
    const slotBytes = ARRAY_BYTES + value.length * WORD
    // An array of numbers contains them without pointers.
    if (areNumbers(value, step)) return slotBytes
    const parts = new Parts(this, depth, Math.min(value.length, SAMPLED_PARTS))
    for (let index = 0; index < value.length; index += step) parts.add(value[index])
    return slotBytes + parts.bytes() * step
  }

  #mapBytes(value: ReadonlyMap<unknown, unknown>, depth: number): number {
    const parts = new Parts(this, depth, Math.min(2 * value.size, SAMPLED_PARTS))
    let looked = 0
    for (const [key, item] of value) {
      parts.add(key)
      parts.add(item)
      if (++looked === SAMPLED_PARTS) break
    }
    return (
      COLLECTION_BYTES + tableSize(value.size) * 28 + parts.bytes() * (value.size / (looked || 1))
    )
  }

  #setBytes(value: ReadonlySet<unknown>, depth: number): number {
    const parts = new Parts(this, depth, Math.min(value.size, SAMPLED_PARTS))
    let looked = 0
    for (const item of value) {
      parts.add(item)
      if (++looked === SAMPLED_PARTS) break
    }
    return (
      COLLECTION_BYTES + tableSize(value.size) * 20 + parts.bytes() * (value.size / (looked || 1))
    )
  }

  #viewBytes(value: ArrayBufferView): number {
    const { buffer, byteLength } = value
    // A small Buffer is part of a shared pool.
    const isPooled = buffer.byteLength <= Buffer.poolSize && byteLength < buffer.byteLength
    if (isPooled) return VIEW_BYTES + byteLength
    return VIEW_BYTES + (this.#isCounted(buffer) ? 0 : BUFFER_BYTES + buffer.byteLength)
  }

  /** Returns whether an object was counted before, and marks it as counted. */
  #isCounted(value: object): boolean {
    if (this.#many === undefined) {
      if (this.#few.includes(value)) return true
      this.#few.push(value)
      if (this.#few.length > SEARCHED_OBJECTS) this.#many = new Set(this.#few)
      return false
    }
    if (this.#many.has(value)) return true
    this.#many.add(value)
    return false
  }
}

/** Sums up the parts of one container. Some of its objects are measured, at even distances. */
class Parts {
  readonly #estimate: Estimate
  readonly #depth: number
  readonly #step: number
  #bytes = 0
  #objects = 0
  #sampled = 0
  #counted = 0
  #objectBytes = 0

  /** @param most - how many parts may be added */
  constructor(estimate: Estimate, depth: number, most: number) {
    this.#estimate = estimate
    this.#depth = depth
    this.#step = Math.ceil(most / SAMPLED_OBJECTS)
  }

  add(part: unknown): void {
    if (typeof part === 'string') this.#bytes += stringBytes(part)
    else if (typeof part !== 'object') this.#bytes += primitiveBytes(part)
    else if (part !== null && this.#objects++ % this.#step === 0) {
      if (this.#sampled === 0 || !this.#estimate.isExhausted) this.#sample(part)
    }
  }

  bytes(): number {
    if (this.#sampled === 0) return this.#bytes
    // If most of the sample was counted before, most of the others were too.
    const isShared = 2 * this.#counted <= this.#sampled
    const factor = isShared ? 1 : this.#objects / this.#sampled
    return this.#bytes + this.#objectBytes * factor
  }

  #sample(part: object): void {
    const bytes = this.#estimate.objectBytes(part, this.#depth + 1)
    this.#sampled++
    if (bytes > 0) this.#counted++
    this.#objectBytes += bytes
  }
}

function areNumbers(items: readonly unknown[], step: number): boolean {
  for (let index = 0; index < items.length; index += step) {
    if (typeof items[index] !== 'number') return false
  }
  return true
}

function primitiveBytes(value: unknown): number {
  switch (typeof value) {
    case 'number':
      // An integer of 32 bits replaces the pointer.
      return (value | 0) === value ? 0 : NUMBER_BYTES
    case 'bigint':
      return bigintBytes(value)
    case 'function':
      return 64
    default:
      return 0
  }
}

function stringBytes(text: string): number {
  const { length } = text
  if (length <= SHARED_STRING_LENGTH) return length <= 1 ? 0 : STRING_BYTES
  // Between one and two bytes per character, so the error is less than half.
  if (length <= SHORT_STRING_LENGTH) return STRING_BYTES + 1.25 * length
  // oxlint-disable-next-line no-control-regex -- Latin-1 is what takes one byte a character
  return STRING_BYTES + (/[^\u0000-\u00ff]/.test(text) ? 2 * length : length)
}

function bigintBytes(value: bigint): number {
  let words = 1
  for (let rest = (value < 0n ? -value : value) >> 64n; rest > 0n && words < 1_024; rest >>= 64n)
    words++
  return 16 + words * WORD
}

/** Returns the number of places in the hash table of a `Map` or `Set`. */
function tableSize(size: number): number {
  return size <= 4 ? 4 : 2 ** Math.ceil(Math.log2(size))
}
