const NEWLINE = 0x0a
const RETURN = 0x0d
const MINUS = 0x2d
const ZERO = 0x30
const LIST = 0x2a

const LONGEST_LINE = 1024 * 1024
const LONGEST_STRING = 512 * 1024 * 1024
const MOST_ELEMENTS = 2 ** 32

/** What a value's first byte says about the rest of it. */
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
 * Cuts a stream of RESP2 or RESP3 into messages, however it was chunked.
 *
 * Looks at each byte once and only counts what is still missing, so neither depth nor size of a
 * message costs more than its bytes.
 */
export class MessageReader {
  readonly #allowsInline: boolean
  /** The bytes of the message that has begun, from earlier chunks. */
  #parts: Buffer[] = []
  /** The bytes of a line that has begun, from earlier chunks; they are among the parts too. */
  #line: Buffer[] = []
  #lineLength = 0
  #valuesMissing = 1
  #bytesMissing = 0
  #hasBegun = false
  #broken = false

  /** @param options - `inline`: a message may be a line of words, as typed by hand */
  constructor(options: { inline: boolean }) {
    this.#allowsInline = options.inline
  }

  /** True once the stream is no RESP. Nothing is read from then on; the bytes are in `rest`. */
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

  /** Takes out the bytes that are not part of a whole message. */
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

  /** Reads a line: all of a simple value, or the head of any other. */
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

  /** Says no to what starts like TLS or other noise, whose newlines mean nothing. */
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
   * An attribute stands before a value; it is none. Nor is a push within a list: Redis 7.0 puts one
   * there, against its own rules, when a client publishes to itself in a transaction.
   */
  #isNoValue(shape: Shape): boolean {
    return shape === 'attribute' || (shape === 'push' && this.#hasBegun)
  }
}

/** A decimal number, or NaN. */
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
