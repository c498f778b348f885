import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { Body } from './body.js'
import { corrupt } from './codec-errors.js'

/**
 * How a value is stored in Redis: a line of words, then its body.
 *
 * `V2 kPz0tqk2GbJ6c36d344 9f2b11aa =kPz0tqk2GbJv100000 1794890000000 0 0 13 1.x8Kq02aB\n{"answer":42}`
 *
 * | word | meaning |
 * | --- | --- |
 * | `V2` | the format and its version |
 * | place | whose value this is and under which key, see {@link Place} |
 * | checksum | CRC-32 of the place and of everything after the next space, eight hexadecimal digits |
 * | kind and revision | one character, then what no other write has: `=` tagged JSON, `z` the same compressed with zlib |
 * | fresh until | when its TTL ends, in milliseconds since 1970 on the server's clock; `Infinity` |
 * | grace | how long after its TTL it is kept for stale reads, in milliseconds |
 * | load | how long its load took, in milliseconds; 0 when unknown |
 * | length | bytes of the body, once decompressed |
 * | generation | the generation of the prefix that the value belongs to |
 * | tags | with their versions, as JSON without spaces: `[["tag","version"],…]`; absent without tags |
 *
 * Every line of this cache starts with the format and the place at fixed offsets, so that a script in
 * Redis can tell whose it is without reading the body. The body is text unless it is compressed:
 * people can read it, and clients send text faster than bytes.
 *
 * Other lines have the same start and a kind of their own: `?` a load lease, `#` the version of a tag,
 * `!` the generation of the prefix.
 */
export interface StoredLine extends WriteDetails {
  readonly tags: readonly TagVersion[]
  /** On the server's clock; `Infinity` for a value that never expires. */
  readonly freshUntil: number
  readonly generation: string
  readonly body: Body
}

/** A tag and the version of it that a value was stored under. */
export type TagVersion = readonly [tag: string, version: string]

/** What is stored about a write beside its value. */
export interface WriteDetails {
  readonly graceMs: number
  readonly loadMs: number
  /** What no other write has: {@link REVISION_LENGTH} letters and digits. */
  readonly revision: string
}

/** What a line says about its value, without the body. */
export interface ValueHead {
  readonly graceMs: number
  readonly generation: string
  readonly tags: readonly TagVersion[]
}

/** Why the bytes under a key are not a value of this cache. They stay where they are. */
export type ForeignReason =
  /** Not in this format: written by something else. */
  | 'foreign'
  /** In another version of this format, or with contents this release does not know. */
  | 'other_format'
  /** Stored under another prefix, another key or another database, then copied or renamed. */
  | 'other_place'
  /** Larger than this process accepts. */
  | 'too_large'
  /** A list, a hash or another type that is not a string. */
  | 'wrong_type'

const FORMAT = 'V2 '
const OWNER_LENGTH = 11
const CHECKSUM_LENGTH = 8
/** Length of {@link Place.text}. */
export const PLACE_LENGTH: number = OWNER_LENGTH + CHECKSUM_LENGTH
const PLACE_OFFSET = FORMAT.length
const CHECKSUM_OFFSET = PLACE_OFFSET + PLACE_LENGTH + 1
/** Everything from here on is covered by the checksum. */
export const KIND_OFFSET: number = CHECKSUM_OFFSET + CHECKSUM_LENGTH + 1
export const REVISION_OFFSET: number = KIND_OFFSET + 1
export const REVISION_LENGTH = 18
const REVISION_END = REVISION_OFFSET + REVISION_LENGTH
/** The longest line without tags. */
export const USUAL_HEAD_LENGTH = 192
/** The longest list of tags: 128 of them, 256 characters each, in any script. */
export const MAX_TAGS_LENGTH = 262_144

const NO_CHECKSUM = '0'.repeat(CHECKSUM_LENGTH)
const TAGGED_JSON = '='.charCodeAt(0)
const COMPRESSED = 'z'.charCodeAt(0)
const LEASE = '?'.charCodeAt(0)
const SPACE = 32
const ZERO = 48
const LINE_FEED = 10
/** How the Python version wrote small values: this marker, then plain JSON. Read, never written. */
const PYTHON_MARKER = Buffer.from('rawj:')

const NO_TAGS: readonly TagVersion[] = []

/**
 * Where a value belongs: a database and a prefix on one side, a key on the other.
 *
 * The two sides are kept apart, so that `users:1` under the prefix `app:` is not taken for `1` under
 * `app:users:`, although both have the same name in Redis.
 */
export class Place {
  /** CRC-32 of the owner and the key: the start of every checksum. */
  readonly seed: number
  readonly #owner: Owner
  #text: string | undefined

  constructor(owner: Owner, key: string) {
    this.#owner = owner
    this.seed = crc32(key, owner.seed)
  }

  /** Whether a line belongs here. */
  has(bytes: Buffer): boolean {
    return this.#owner.owns(bytes) && readHex(bytes, PLACE_OFFSET + OWNER_LENGTH) === this.seed
  }

  /** {@link PLACE_LENGTH} characters: the owner, then the key, each as a digest. */
  get text(): string {
    this.#text ??= this.#owner.name + toHex(this.seed)
    return this.#text
  }
}

/** A prefix in one database, as a digest. */
export class Owner {
  readonly name: string
  readonly seed: number
  /** How every line of this owner starts. */
  readonly #start: Buffer

  constructor(prefix: string, database: number) {
    const digest = createHash('sha256').update(`${database}\n${prefix}`).digest('base64url')
    this.name = digest.slice(0, OWNER_LENGTH)
    this.seed = crc32(this.name)
    this.#start = Buffer.from(FORMAT + this.name)
  }

  /** Whether a line starts with the format and this owner. */
  owns(bytes: Buffer): boolean {
    const start = this.#start
    // Byte by byte: a call to native code takes longer than all of it.
    for (let index = 0; index < start.length; index++) {
      if (bytes[index] !== start[index]) return false
    }
    return true
  }
}

export function sealLine(place: Place, line: StoredLine): string | Buffer {
  const { body, revision, freshUntil, graceMs, loadMs, tags, generation } = line
  const kind = body.compressed ? 'z' : '='
  const words = `${kind}${revision} ${freshUntil} ${graceMs} ${loadMs} ${body.decodedLength} ${generation}`
  const covered = tags.length === 0 ? `${words}\n` : `${words} ${toWord(tags)}\n`
  if (typeof body.content === 'string') {
    const rest = covered + body.content
    return `${FORMAT}${place.text} ${toHex(crc32(rest, place.seed))} ${rest}`
  }
  const checksum = toHex(crc32(body.content, crc32(covered, place.seed)))
  return Buffer.concat([Buffer.from(`${FORMAT}${place.text} ${checksum} ${covered}`), body.content])
}

/**
 * Returns what the bytes under a key are, without reading the body.
 *
 * @returns `'value'` or `'lease'` of this very place, `'python'` for a value of the Python version, or
 * why the bytes are none of these
 */
export function classify(
  place: Place,
  bytes: Buffer,
): 'value' | 'lease' | 'python' | Exclude<ForeignReason, 'too_large' | 'wrong_type'> {
  if (!place.has(bytes)) {
    if (isPythonValue(bytes)) return 'python'
    const version = /^V\d+ /.exec(bytes.toString('latin1', 0, PLACE_OFFSET + 8))?.[0]
    if (version === undefined) return 'foreign'
    return version === FORMAT ? 'other_place' : 'other_format'
  }
  // The words up to the revision have fixed lengths.
  const isOurForm =
    bytes[CHECKSUM_OFFSET - 1] === SPACE &&
    bytes[KIND_OFFSET - 1] === SPACE &&
    bytes[REVISION_END] === SPACE
  if (!isOurForm) return 'other_format'
  const kind = bytes[KIND_OFFSET]
  if (kind === TAGGED_JSON || kind === COMPRESSED) return 'value'
  return kind === LEASE ? 'lease' : 'other_format'
}

/**
 * Reads a value of this place, see {@link classify}.
 *
 * @throws SerializationError (`CORRUPT_VALUE`) when anything is not as {@link sealLine} wrote it
 */
export function openLine(place: Place, bytes: Buffer): StoredLine {
  if (crc32(bytes.subarray(KIND_OFFSET), place.seed) !== readHex(bytes, CHECKSUM_OFFSET)) {
    throw corrupt('damaged')
  }
  const words = new Words(bytes, REVISION_END + 1)
  const freshUntil = words.nextNumber()
  const graceMs = words.nextNumber()
  const loadMs = words.nextNumber()
  const decodedLength = words.nextNumber()
  const generation = words.next()
  const tags = words.isAtEnd ? NO_TAGS : fromWord(words.next())
  if (!words.isAtEnd) throw corrupt('cut short')
  const content = bytes.subarray(words.at)
  const compressed = bytes[KIND_OFFSET] === COMPRESSED
  const body = { content, length: content.length, compressed, decodedLength }
  return { revision: readRevision(bytes), freshUntil, graceMs, loadMs, generation, tags, body }
}

/**
 * Reads what the first bytes of a value say about it.
 *
 * @returns `undefined` when they are not the head of a value of this place
 */
export function readHead(place: Place, bytes: Buffer): ValueHead | undefined {
  if (classify(place, bytes) !== 'value') return undefined
  const words = new Words(bytes, REVISION_END + 1)
  words.nextNumber()
  const graceMs = words.nextNumber()
  words.nextNumber()
  words.nextNumber()
  const generation = words.next()
  try {
    const tags = words.isAtEnd ? NO_TAGS : fromWord(words.next())
    return words.isAtEnd ? { graceMs, generation, tags } : undefined
  } catch {
    // The line is damaged; a read of the value itself reports that.
    return undefined
  }
}

/** Returns the start of a lease line; its revision comes next. */
export function leaseHead(place: string): string {
  return `${FORMAT}${place} ${NO_CHECKSUM} ?`
}

/** Reads a lease of this place: its revision, and when it ends on the server's clock. */
export function readLease(bytes: Buffer): {
  readonly revision: string
  readonly leasedUntil: number
} {
  return {
    revision: readRevision(bytes),
    leasedUntil: Number(bytes.toString('latin1', REVISION_END)),
  }
}

/** Returns what stands in the place of a revision, whatever it is. */
export function readRevision(bytes: Buffer): string {
  return bytes.toString('latin1', REVISION_OFFSET, REVISION_END)
}

/** Kinds of lines that hold one word instead of a value. */
export type RecordKind = '#' | '!'

/** Returns the start of a line that holds one word: the version of a tag, or a generation. */
export function recordHead(place: string, kind: RecordKind): string {
  return `${FORMAT}${place} ${NO_CHECKSUM} ${kind}`
}

/** Returns the word of such a line, or `undefined` when the text is not one of this place and kind. */
export function readRecord(
  place: string,
  kind: RecordKind,
  text: string | null | undefined,
): string | undefined {
  const head = recordHead(place, kind)
  if (typeof text !== 'string' || !text.startsWith(head)) return undefined
  const word = text.slice(head.length)
  return /^[\w.-]{1,1000}$/.test(word) ? word : undefined
}

function isPythonValue(bytes: Buffer): boolean {
  return (
    bytes[0] === PYTHON_MARKER[0] && bytes.subarray(0, PYTHON_MARKER.length).equals(PYTHON_MARKER)
  )
}

/** Reads a value of the Python version. */
export function openPythonValue(bytes: Buffer): unknown {
  return JSON.parse(bytes.toString('utf8', PYTHON_MARKER.length))
}

/** JSON has other words for a space inside of a string, and needs none elsewhere. */
function toWord(tags: readonly TagVersion[]): string {
  return JSON.stringify(tags).replaceAll(' ', '\\u0020')
}

function fromWord(word: string): readonly TagVersion[] {
  return JSON.parse(word) as TagVersion[]
}

/** The words of a line, one after the other, without a list of them. */
class Words {
  /** Where the next word starts; after the last one, the body. */
  at: number
  /** Whether the line has ended. */
  isAtEnd = false
  readonly #bytes: Buffer

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes
    this.at = at
  }

  next(): string {
    const start = this.at
    return this.#bytes.toString('utf8', start, this.#skip())
  }

  nextNumber(): number {
    const start = this.at
    const end = this.#skip()
    let number = 0
    for (let index = start; index < end; index++) {
      const digit = (this.#bytes[index] as number) - ZERO
      // A fraction, or Infinity.
      if (digit < 0 || digit > 9) return Number(this.#bytes.toString('latin1', start, end))
      number = 10 * number + digit
    }
    return number
  }

  /** Moves past the word that starts here. Returns where it ends. */
  #skip(): number {
    const bytes = this.#bytes
    let end = this.at
    while (end < bytes.length && bytes[end] !== SPACE && bytes[end] !== LINE_FEED) end++
    this.isAtEnd = bytes[end] === LINE_FEED
    this.at = end + 1
    return end
  }
}

/** Reads eight hexadecimal digits; -1 for anything else. */
function readHex(bytes: Buffer, offset: number): number {
  let number = 0
  for (let index = offset; index < offset + CHECKSUM_LENGTH; index++) {
    const digit = HEX_DIGITS[bytes[index] ?? 0] as number
    if (digit > 15) return -1
    number = number * 16 + digit
  }
  return number
}

/** The value of each lower-case hexadecimal digit by its character; 16 for other characters. */
const HEX_DIGITS: Uint8Array = Uint8Array.from({ length: 256 }, (_, code) => {
  const value = '0123456789abcdef'.indexOf(String.fromCharCode(code))
  return value < 0 ? 16 : value
})

/** By a table of bytes: that takes a fifth of the time of `toString(16)` and padding. */
function toHex(checksum: number): string {
  return (
    (HEX_BYTES[checksum >>> 24] as string) +
    (HEX_BYTES[(checksum >>> 16) & 0xff] as string) +
    (HEX_BYTES[(checksum >>> 8) & 0xff] as string) +
    (HEX_BYTES[checksum & 0xff] as string)
  )
}

const HEX_BYTES: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  byte.toString(16).padStart(2, '0'),
)
