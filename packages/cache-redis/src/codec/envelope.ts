import { crc32 } from 'node:zlib'
import type { Body } from './body.js'
import { corrupt } from './codec-errors.js'

/**
 * How a value stands in Redis: a line of words, then its body.
 *
 * `V1 6c36d344 =kPz0tqk2GbJv100000 1794890000000 0 0 13\n{"answer":42}` under `key`
 *
 * | word | what |
 * | --- | --- |
 * | `V1` | this form, and its version |
 * | checksum | CRC-32 of the key and of all that follows the next space, eight hexadecimal digits |
 * | kind and stamp | one character: `=` tagged JSON, `z` the same compressed with zlib, `?` no value, only a mark of one to come; then what no other write has |
 * | fresh until | when its life is over, in milliseconds since 1970 on the server's clock; `Infinity` |
 * | grace | how much longer than its life it is held, in milliseconds |
 * | load | how long its load took, in milliseconds; 0 when nobody asked for that |
 * | length | of the body in bytes, once decompressed |
 * | tags | with their versions, as JSON without spaces: `[["tag","version"],…]`; left out if there are none |
 *
 * The key is part of the checksum, so that a value copied to another key is not taken for that
 * key's. The body is text unless it is compressed: people can read it, and clients send text in less
 * time than bytes.
 */
export interface Envelope extends WriteDetails {
  readonly tags: readonly TagVersion[]
  /** On the server's clock; `Infinity` for a value that never expires. */
  readonly freshUntil: number
  readonly body: Body
}

/** A tag and the version of it that a value was stored under. */
export type TagVersion = readonly [tag: string, version: string]

/** What is stored about a write beside its value. */
export interface WriteDetails {
  readonly graceMs: number
  readonly loadMs: number
  /** What no other write has: {@link STAMP_LENGTH} letters and digits. */
  readonly stamp: string
}

const MAGIC = 'V1 '
const MAGIC_BYTES = Buffer.from(MAGIC)
const CHECKSUM_LENGTH = 8
/** What the checksum covers begins here. */
export const KIND_OFFSET: number = MAGIC.length + CHECKSUM_LENGTH + 1
export const STAMP_OFFSET: number = KIND_OFFSET + 1
export const STAMP_LENGTH = 18
/** How a mark of a value to come begins; its stamp is next. */
export const MARK_HEAD: string = `${MAGIC}${'0'.repeat(CHECKSUM_LENGTH)} ?`
/** So long is a line without tags at most. */
export const USUAL_HEAD_LENGTH = 128
/** What is longer is no list of tags of ours: 128 of them, 256 characters each, in any script. */
export const MAX_TAGS_LENGTH = 262_144

const TAGGED_JSON = '='
const COMPRESSED = 'z'
const NO_VALUE = '?'.charCodeAt(0)
const LINE_FEED = 10

const scratch = Buffer.alloc(CHECKSUM_LENGTH / 2)

export function sealEnvelope(key: string, envelope: Envelope): string | Buffer {
  const { body, stamp, freshUntil, graceMs, loadMs, tags } = envelope
  const kind = body.compressed ? COMPRESSED : TAGGED_JSON
  const words = `${kind}${stamp} ${freshUntil} ${graceMs} ${loadMs} ${body.decodedLength}`
  const line = tags.length === 0 ? `${words}\n` : `${words} ${toWord(tags)}\n`
  const checksum = toHex(crc32(body.content, crc32(line, crc32(key))))
  const head = `${MAGIC}${checksum} ${line}`
  if (typeof body.content === 'string') return head + body.content
  return Buffer.concat([Buffer.from(head), body.content])
}

export function isEnvelope(bytes: Buffer): boolean {
  return bytes[0] === MAGIC_BYTES[0] && bytes[1] === MAGIC_BYTES[1] && bytes[2] === MAGIC_BYTES[2]
}

/** Whether it is no value but the mark of somebody who is to load one. */
export function isMark(bytes: Buffer): boolean {
  return bytes[KIND_OFFSET] === NO_VALUE && isEnvelope(bytes)
}

/** @throws SerializationError when anything is not as {@link sealEnvelope} wrote it */
export function openEnvelope(key: string, bytes: Buffer): Envelope {
  if (!isEnvelope(bytes)) throw corrupt('not in a form that this cache writes')
  const end = bytes.indexOf(LINE_FEED)
  if (end < 0) throw corrupt('cut short')
  const words = bytes.toString('utf8', MAGIC.length, end).split(' ')
  const [checksum, name = '', freshUntil, graceMs, loadMs, decodedLength, tags] = words
  if (toHex(crc32(bytes.subarray(KIND_OFFSET), crc32(key))) !== checksum) throw corrupt('damaged')
  const kind = name[0]
  if (kind !== TAGGED_JSON && kind !== COMPRESSED) {
    throw corrupt('in a form this version cannot read')
  }
  const content = bytes.subarray(end + 1)
  return {
    stamp: name.slice(1),
    freshUntil: Number(freshUntil),
    graceMs: Number(graceMs),
    loadMs: Number(loadMs),
    tags: fromWord(tags),
    body: {
      content,
      length: content.length,
      compressed: kind === COMPRESSED,
      decodedLength: Number(decodedLength),
    },
  }
}

/** Reads what tells about a value from its line; what is none of ours has neither grace nor tags. */
export function glimpse(bytes: Buffer): Pick<Envelope, 'graceMs' | 'tags'> {
  const end = bytes.indexOf(LINE_FEED)
  if (end < 0 || !isEnvelope(bytes)) return { graceMs: 0, tags: [] }
  const words = bytes.toString('utf8', STAMP_OFFSET, end).split(' ')
  try {
    return { graceMs: Number(words[2]), tags: fromWord(words[5]) }
  } catch {
    // Damaged, as whoever reads the value itself will find.
    return { graceMs: 0, tags: [] }
  }
}

/** Reads a mark: whose it is, and until when the load is leased, on the server's clock. */
export function readMark(bytes: Buffer): { readonly stamp: string; readonly leasedUntil: number } {
  const leasedUntil = Number(bytes.toString('latin1', STAMP_OFFSET + STAMP_LENGTH))
  return { stamp: readStamp(bytes), leasedUntil }
}

/** What stands in the place of a stamp, whatever is there. */
export function readStamp(bytes: Buffer): string {
  return bytes.toString('latin1', STAMP_OFFSET, STAMP_OFFSET + STAMP_LENGTH)
}

/** JSON has other words for a space inside of a text, and needs none elsewhere. */
function toWord(tags: readonly TagVersion[]): string {
  return JSON.stringify(tags).replaceAll(' ', '\\u0020')
}

function fromWord(word: string | undefined): readonly TagVersion[] {
  return word === undefined ? [] : (JSON.parse(word) as TagVersion[])
}

/** By way of bytes, for that takes a quarter of the time. */
function toHex(checksum: number): string {
  scratch.writeUInt32BE(checksum)
  return scratch.toString('hex')
}
