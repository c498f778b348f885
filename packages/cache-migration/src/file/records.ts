import { SerializationError } from '@verbatim/cache-core'
import { decodeTaggedJson, encodeTaggedJson } from '@verbatim/cache-redis'
import { type BackupEntry, checkEntry, invalidBackup } from './backup.js'

/**
 * The records of a chunk, one after another. Integers are big-endian. A script in Redis reads and writes
 * the same bytes, so records between two servers are never parsed in this process.
 *
 * | field | bytes | contents |
 * | --- | --- | --- |
 * | kind | 1 | see below |
 * | expiry | 8 | milliseconds since 1970; -1 for a key that never expires |
 * | key length, key | 4, n | |
 * | value length, value | 4, n | |
 */
export interface BinaryRecord {
  readonly kind: number
  /** Milliseconds since 1970; `null` if the key never expires. */
  readonly expiresAt: number | null
  readonly key: Buffer
  readonly value: Buffer
}

/** An entry of a cache: its value is tagged JSON. */
const ENTRY = 1

/** A key of Redis in the format of `DUMP`. */
export const DUMP = 2
/** A key of Redis as the commands that create it. */
export const COMMANDS = 3
/** A key that could not be read. Its value is the reason. */
export const UNREADABLE = 4
/** In a journal: the key did not exist. */
export const ABSENT = 5

/** The kinds of records in a backup in raw mode. */
export const RAW_KINDS: ReadonlySet<number> = new Set([DUMP, COMMANDS, UNREADABLE])

const KIND_AND_EXPIRY_BYTES = 9
/** The expiry of a key that never expires. */
export const NEVER = -1

/** Longest value of an entry in bytes, as in the cache that has the highest limit. */
const MAX_ENTRY_BYTES = 64 * 1_024 * 1_024

/** Returns the bytes of a record. */
export function encodeRecord({ kind, expiresAt, key, value }: BinaryRecord): Buffer {
  const bytes = Buffer.allocUnsafe(KIND_AND_EXPIRY_BYTES + 8 + key.length + value.length)
  bytes.writeUInt8(kind, 0)
  bytes.writeBigInt64BE(BigInt(expiresAt ?? NEVER), 1)
  let at = bytes.writeUInt32BE(key.length, KIND_AND_EXPIRY_BYTES)
  at += key.copy(bytes, at)
  at = bytes.writeUInt32BE(value.length, at)
  value.copy(bytes, at)
  return bytes
}

/** Returns a text for the key of a record. Different bytes have different texts, also where they are not UTF-8. */
export function idOf({ key }: Pick<BinaryRecord, 'key'>): string {
  return key.toString('latin1')
}

/** Returns the bytes of records. */
export function encodeAll(records: readonly BinaryRecord[]): Buffer {
  return Buffer.concat(records.map((record) => encodeRecord(record)))
}

/**
 * Yields the records in the bytes of a chunk. The buffers share its memory.
 *
 * @throws SerializationError (`BAD_BACKUP`) if the bytes are not a whole number of records
 */
export function* decodeRecords(bytes: Buffer): Generator<BinaryRecord> {
  let at = 0
  const take = (length: number): Buffer => {
    const end = at + length
    if (end > bytes.length) throw invalidBackup('a record is longer than its chunk')
    const part = bytes.subarray(at, end)
    at = end
    return part
  }
  const takeText = (): Buffer => take(take(4).readUInt32BE())
  while (at < bytes.length) {
    const kind = take(1).readUInt8()
    const expiry = Number(take(8).readBigInt64BE())
    const expiresAt = expiry === NEVER ? null : expiry
    yield { kind, expiresAt, key: takeText(), value: takeText() }
  }
}

/**
 * Returns the record of an entry.
 *
 * @throws SerializationError for a value that cannot be encoded, and for an entry that a restore would
 * reject
 */
export function encodeEntry(entry: BackupEntry): Buffer {
  const { key, value, expiresAt } = checkEntry(
    entry,
    (problem) => new SerializationError(`the cache contains an entry with ${problem}`),
  )
  const json = Buffer.from(encodeTaggedJson(value))
  if (json.length > MAX_ENTRY_BYTES) {
    throw new SerializationError(
      `the value must be at most ${MAX_ENTRY_BYTES} bytes as JSON; received ${json.length} bytes`,
      { code: 'VALUE_TOO_LARGE', context: { bytes: json.length } },
    )
  }
  const expiry = expiresAt === null ? null : Math.max(0, expiresAt)
  return encodeRecord({ kind: ENTRY, expiresAt: expiry, key: Buffer.from(key), value: json })
}

/**
 * Returns the entry in a record.
 *
 * @throws SerializationError (`BAD_BACKUP`)
 */
export function decodeEntry({ kind, expiresAt, key, value }: BinaryRecord): BackupEntry {
  if (kind !== ENTRY) throw invalidBackup(`a record has the unknown kind ${kind}`)
  const toError = (problem: string): Error => invalidBackup(`an entry has ${problem}`)
  let decoded: unknown
  try {
    decoded = decodeTaggedJson(value.toString())
  } catch {
    // The message of JSON.parse quotes its input.
    throw toError('an invalid value')
  }
  return checkEntry({ key: key.toString(), value: decoded, expiresAt }, toError)
}
