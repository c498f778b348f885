const NEWLINE = 0x0a
const RETURN = 0x0d
const MINUS = 0x2d
const ZERO = 0x30
const LIST = 0x2a

const LONGEST_LINE = 1024 * 1024
const LONGEST_STRING = 512 * 1024 * 1024
const MOST_ELEMENTS = 2 ** 32

/** Structure of a value, by its first byte. */
type Shape = 'line' | 'string' | 'list' | 'push' | 'pairs' | 'attribute'

const SHAPES: readonly (Shape | undefined)[] = shapesByFirstByte({
  '+-:_,#(': 'line',
  '$!=': 'string',
  '*~': 'list',
  '>': 'push',
  '%': 'pairs',
  '|': 'attribute',
})

/**
 * Splits a stream of RESP2 or RESP3 into messages, independent of its chunks.
 *
 * It reads each byte once and only counts missing bytes. The time is therefore linear in the size of a
 * message, whatever its nesting.
 */
export class MessageReader {
  readonly #allowsInline: boolean
  /** Bytes of the current message from earlier chunks. */
  #parts: Buffer[] = []
  /** Bytes of the current line from earlier chunks. The parts contain them too. */
  #line: Buffer[] = []
  #lineLength = 0
  #valuesMissing = 1
  #bytesMissing = 0
  #hasBegun = false
  #broken = false

  /** @param options - `inline`: whether a message can be an inline command, a line of words */
  constructor(options: { inline: boolean }) {
    this.#allowsInline = options.inline
  }

  /** Whether the stream is not RESP. The reader then stops, and the bytes are in `rest`. */
  get broken(): boolean {
    return this.#broken
  }

  feed(chunk: Buffer, onMessage: (message: Buffer) => void): void {
    let start = 0
    let position = 0
    while (position < chunk.length && !this.#broken) {
      position = this.#bytesMissing > 0 ? this.#skip(chunk, position) : this.#read(chunk, position)
      if (this.#valuesMissing === 0 && this.#bytesMissing === 0) {
        onMessage(this.#join(chunk.subarray(start, position)))
        this.#valuesMissing = 1
        this.#hasBegun = false
        start = position
      }
    }
    if (start < chunk.length) this.#parts.push(chunk.subarray(start))
  }

  /** Removes and returns the bytes that are not part of a complete message. */
  takeRest(): Buffer {
    return this.#join(Buffer.alloc(0))
  }

  #join(last: Buffer): Buffer {
    if (this.#parts.length === 0) return last
    const whole = Buffer.concat([...this.#parts, last])
    this.#parts = []
    return whole
  }

  #skip(chunk: Buffer, position: number): number {
    const step = Math.min(this.#bytesMissing, chunk.length - position)
    this.#bytesMissing -= step
    return position + step
  }

  /** Reads a line, which is a simple value or the head of another value. */
  #read(chunk: Buffer, position: number): number {
    if (this.#lineLength === 0 && !this.#mayStart(chunk[position] ?? 0)) {
      this.#broken = true
      return position
    }
    const newline = chunk.indexOf(NEWLINE, position)
    const end = newline === -1 ? chunk.length : newline
    this.#lineLength += end - position
    if (this.#lineLength > LONGEST_LINE) this.#broken = true
    else if (newline === -1) this.#line.push(chunk.subarray(position))
    else if (this.#line.length === 0) this.#take(chunk, position, newline)
    else {
      const line = Buffer.concat([...this.#line, chunk.subarray(position, newline)])
      this.#take(line, 0, line.length)
    }
    return newline === -1 ? end : newline + 1
  }

  #take(bytes: Buffer, start: number, end: number): void {
    this.#line = []
    this.#lineLength = 0
    const shape = SHAPES[bytes[start] ?? 0]
    if (this.#isInline(bytes[start] ?? NEWLINE)) this.#valuesMissing = 0
    else if (shape === undefined || bytes[end - 1] !== RETURN) this.#broken = true
    else if (shape === 'line') this.#valuesMissing -= 1
    else this.#takeLength(shape, readLength(bytes, start + 1, end - 1))
    this.#hasBegun = true
  }

  #isInline(firstByte: number): boolean {
    return this.#allowsInline && !this.#hasBegun && firstByte !== LIST
  }

  /** Rejects streams that start like TLS or other binary data. */
  #mayStart(firstByte: number): boolean {
    if (!this.#isInline(firstByte)) return SHAPES[firstByte] !== undefined
    return (firstByte >= 0x20 && firstByte < 0x7f) || [RETURN, NEWLINE].includes(firstByte)
  }

  #takeLength(shape: Shape, length: number): void {
    const limit = shape === 'string' ? LONGEST_STRING : MOST_ELEMENTS
    if (Number.isNaN(length) || length > limit) {
      this.#broken = true
      return
    }
    if (!this.#isNoValue(shape)) this.#valuesMissing -= 1
    if (length < 0) return
    if (shape === 'string') this.#bytesMissing = length + 2
    else this.#valuesMissing += shape === 'pairs' || shape === 'attribute' ? length * 2 : length
  }

  /**
   * Returns whether a value does not count. An attribute precedes a value. Redis 7.0 sends a push inside
   * a list, against its own protocol, if a client publishes to itself in a transaction.
   */
  #isNoValue(shape: Shape): boolean {
    return shape === 'attribute' || (shape === 'push' && this.#hasBegun)
  }
}

/** Parses a decimal number. Returns NaN for any other text. */
function readLength(bytes: Buffer, start: number, end: number): number {
  if (end === start + 2 && bytes[start] === MINUS && bytes[start + 1] === ZERO + 1) return -1
  if (end === start || end - start > 10) return Number.NaN
  let length = 0
  for (let position = start; position < end; position++) {
    const digit = (bytes[position] ?? 0) - ZERO
    if (digit < 0 || digit > 9) return Number.NaN
    length = length * 10 + digit
  }
  return length
}

function shapesByFirstByte(shapes: Readonly<Record<string, Shape>>): (Shape | undefined)[] {
  const table = Array.from<Shape | undefined>({ length: 256 })
  for (const [letters, shape] of Object.entries(shapes)) {
    for (const letter of letters) table[letter.charCodeAt(0)] = shape
  }
  return table
}
