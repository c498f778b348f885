import { crc32 } from 'node:zlib'
import type { Body } from './body.js'
import { corrupt } from './codec-errors.js'
import {
  CHECKSUM_LENGTH,
  FORMAT,
  PLACE_LENGTH,
  PLACE_OFFSET,
  type Place,
  readHex,
  toHex,
} from './place.js'

/**
 * A value as it is stored in Redis: a line of words, then its body.
 *
 * `V2 kPz0tqk2GbJ6c36d344 9f2b11aa =kPz0tqk2GbJv100000 1794890000000 0 0 13 1.x8Kq02aB\n{"answer":42}`
 *
 * | word | meaning |
 * | --- | --- |
 * | `V2` | the format and its version |
 * | place | the prefix and the key of the value, see {@link Place} |
 * | checksum | CRC-32 of the place and of everything after the next space, eight hexadecimal digits |
 * | kind and revision | `=` for tagged JSON, `z` if it is compressed, `e` if it is encrypted, `c` if it is compressed and then encrypted; then the revision of the write |
 * | fresh until | when its TTL ends, in milliseconds since 1970 on the server's clock; `Infinity` |
 * | grace | how long after its TTL it stays for stale reads, in milliseconds |
 * | load | how long its load took, in milliseconds; 0 when unknown |
 * | length | the length of the body after decompression, in bytes |
 * | generation | the generation of the prefix that the value belongs to |
 * | tags | the tags and their versions as JSON without spaces: `[["tag","version"],…]`; absent without tags |
 *
 * Every line of this cache starts with the format and the place at fixed offsets. So a script in Redis
 * recognizes it without reading the body. An uncompressed body is text: people can read it, and clients send
 * text faster than bytes.
 *
 * Other lines have the same start and another kind: `?` a load lease, `#` the version of a tag, `!` the
 * generation of the prefix.
 */
export interface StoredLine extends WriteDetails {
  readonly tags: readonly TagVersion[]
  /** On the server's clock; `Infinity` for a value that never expires. */
  readonly freshUntil: number
  readonly generation: string
  readonly body: Body
}

/** A line as it was read. */
export interface ReadLine extends StoredLine {
  /**
   * If its body is encrypted, the words that it is valid for: from the kind to the line feed. Otherwise
   * `undefined`. A body must be decrypted before it is decompressed.
   */
  readonly encryptedFor: Buffer | undefined
}

/** Encrypts a body for the words of its line. */
export type EncryptBody = (words: string, content: string | Uint8Array) => Buffer

/** A tag, and its version when the value was stored. */
export type TagVersion = readonly [tag: string, version: string]

/** The metadata of a write. */
export interface WriteDetails {
  readonly graceMs: number
  readonly loadMs: number
  /** Identifies the write: {@link REVISION_LENGTH} letters and digits. */
  readonly revision: string
}

/** The metadata of a value that validity depends on. */
export interface ValueHead {
  readonly graceMs: number
  readonly generation: string
  readonly tags: readonly TagVersion[]
}

/** Why the bytes under a key are not a value of this cache. Such bytes stay in Redis. */
export type ForeignReason =
  /** In no format of this cache: another program wrote them. */
  | 'foreign'
  /** In another version of the format, or with contents that this release does not know. */
  | 'other_format'
  /** Stored under another prefix, key or database, and then copied or renamed. */
  | 'other_place'
  /** Larger than this process accepts. */
  | 'too_large'
  /** A list, a hash or another type that is not a string. */
  | 'wrong_type'
  | EncryptionReason

/** Why a value of this cache is not served, although its line is intact. */
export type EncryptionReason =
  /** Encrypted, and this process has no `encryption` option. */
  | 'encrypted'
  /** Not encrypted, and this process requires encryption. */
  | 'unencrypted'
  /** Encrypted with a key that is not enabled in this process. */
  | 'unknown_key'
  /** Changed after it was encrypted, or copied from another key. */
  | 'not_authentic'

const CHECKSUM_OFFSET = PLACE_OFFSET + PLACE_LENGTH + 1
/** The checksum covers everything from here on. */
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
const ENCRYPTED = 'e'.charCodeAt(0)
const COMPRESSED_AND_ENCRYPTED = 'c'.charCodeAt(0)
/** The kinds of values as a set of characters in a pattern. */
export const VALUE_KINDS = '=zec'
const LEASE = '?'.charCodeAt(0)
const SPACE = 32
const ZERO = 48
const LINE_FEED = 10
/** The start of small values of the Python version; plain JSON follows. It is read and never written. */
const PYTHON_MARKER = Buffer.from('rawj:')

const NO_TAGS: readonly TagVersion[] = []

/** @param encrypt - encrypts the body. Default: the body stays as it is */
export function sealLine(place: Place, line: StoredLine, encrypt?: EncryptBody): string | Buffer {
  const { body, revision, freshUntil, graceMs, loadMs, tags, generation } = line
  const kind = encrypt ? (body.compressed ? 'c' : 'e') : body.compressed ? 'z' : '='
  const words = `${kind}${revision} ${freshUntil} ${graceMs} ${loadMs} ${body.decodedLength} ${generation}`
  const covered = tags.length === 0 ? `${words}\n` : `${words} ${toWord(tags)}\n`
  const content = encrypt ? encrypt(covered, body.content) : body.content
  if (typeof content === 'string') {
    const rest = covered + content
    return `${FORMAT}${place.text} ${toHex(crc32(rest, place.seed))} ${rest}`
  }
  const checksum = toHex(crc32(content, crc32(covered, place.seed)))
  return Buffer.concat([Buffer.from(`${FORMAT}${place.text} ${checksum} ${covered}`), content])
}

/**
 * Classifies the bytes under a key, without reading the body.
 *
 * @returns `'value'` or `'lease'` of this place, `'python'` for a value of the Python version, or why the
 * bytes are something else
 */
export function classify(
  place: Place,
  bytes: Buffer,
): 'value' | 'lease' | 'python' | 'foreign' | 'other_format' | 'other_place' {
  if (!place.has(bytes)) {
    if (isPythonValue(bytes)) return 'python'
    const version = /^V\d+ /.exec(bytes.toString('latin1', 0, PLACE_OFFSET + 8))?.[0]
    if (version === undefined) return 'foreign'
    return version === FORMAT ? 'other_place' : 'other_format'
  }
  // The words up to the revision have fixed lengths.
  const hasForm =
    bytes[CHECKSUM_OFFSET - 1] === SPACE &&
    bytes[KIND_OFFSET - 1] === SPACE &&
    bytes[REVISION_END] === SPACE
  if (!hasForm) return 'other_format'
  const kind = bytes[KIND_OFFSET]
  const isEncrypted = kind === ENCRYPTED || kind === COMPRESSED_AND_ENCRYPTED
  if (kind === TAGGED_JSON || kind === COMPRESSED || isEncrypted) return 'value'
  return kind === LEASE ? 'lease' : 'other_format'
}

/**
 * Reads a value of this place, see {@link classify}.
 *
 * @throws SerializationError (`CORRUPT_VALUE`) when {@link sealLine} did not write these bytes
 */
export function openLine(place: Place, bytes: Buffer): ReadLine {
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
  const kind = bytes[KIND_OFFSET]
  const compressed = kind === COMPRESSED || kind === COMPRESSED_AND_ENCRYPTED
  const isEncrypted = kind === ENCRYPTED || kind === COMPRESSED_AND_ENCRYPTED
  const body = { content, length: content.length, compressed, decodedLength }
  const revision = readRevision(bytes)
  const encryptedFor = isEncrypted ? bytes.subarray(KIND_OFFSET, words.at) : undefined
  // No spread: with one, V8 takes 4 µs for this object, and all reads from Redis are half as fast.
  return { revision, freshUntil, graceMs, loadMs, generation, tags, body, encryptedFor }
}

/**
 * Reads the metadata in the first bytes of a value.
 *
 * @returns `undefined` when the bytes are not the head of a value of this place
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
    // The line is damaged. A read of the value reports that.
    return undefined
  }
}

/** Returns the start of a lease line, before its revision. */
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

/** Returns the characters at the place of the revision, whatever the line is. */
export function readRevision(bytes: Buffer): string {
  return bytes.toString('latin1', REVISION_OFFSET, REVISION_END)
}

/** The kinds of lines with one word instead of a value. */
export type RecordKind = '#' | '!'

/** Returns the start of a line with one word: the version of a tag, or a generation. */
export function recordHead(place: string, kind: RecordKind): string {
  return `${FORMAT}${place} ${NO_CHECKSUM} ${kind}`
}

/** Returns the word of such a line; `undefined` when the text is not a line of this place and kind. */
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

/** Writes tags without spaces: JSON can escape a space in a string, and needs none elsewhere. */
function toWord(tags: readonly TagVersion[]): string {
  return JSON.stringify(tags).replaceAll(' ', '\\u0020')
}

function fromWord(word: string): readonly TagVersion[] {
  return JSON.parse(word) as TagVersion[]
}

/** Reads the words of a line one after the other, without a list of them. */
class Words {
  /** The offset of the next word; after the last one, of the body. */
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
      // The word is a fraction, or Infinity.
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
