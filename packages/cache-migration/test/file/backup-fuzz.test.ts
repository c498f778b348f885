import { createHash } from 'node:crypto'
import { type FileHandle, open, readFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { ManualClock, SecurityError, SerializationError } from '@verbatim/cache-core'
import { KeyRing } from '@verbatim/cache-redis'
import {
  type FuzzOutcome,
  type FuzzTarget,
  fuzz,
  printOutcomes,
} from '@verbatim/test-support/fuzzing'
import { afterAll, expect, test } from 'vitest'
import type { BackupHeader, BackupMode } from '../../src/file/backup.js'
import { readWhole } from '../../src/file/backup-reader.js'
import {
  CHUNK_HEAD_BYTES,
  DIGEST_BYTES,
  digestOf,
  PREAMBLE_BYTES,
} from '../../src/file/chunk-format.js'
import { ChunkReader } from '../../src/file/chunk-reader.js'
import { ChunkWriter } from '../../src/file/chunk-writer.js'
import {
  ABSENT,
  COMMANDS,
  DUMP,
  decodeEntry,
  decodeRecords,
  encodeEntry,
  encodeRecord,
  UNREADABLE,
} from '../../src/file/records.js'
import { LineReader } from '../../src/file/version-1-reader.js'
import { newFile } from '../backup-folder.js'

/** Inputs of each decoder; a twentieth of them for version 1, whose decompression starts slowly. */
const INPUTS = Number(process.env['FUZZ_INPUTS'] ?? 20_000)
const MEBIBYTE = 1_024 * 1_024

const clock = new ManualClock(Date.UTC(2026, 10, 22))
const keys = KeyRing.generate()

const ENTRIES = Buffer.concat(
  [
    { key: 'user:1', value: { name: 'Ada', joined: new Date(0) }, expiresAt: clock.wallTime() },
    { key: 'user:2', value: new Map([['text', 'long '.repeat(40)]]), expiresAt: null },
  ].map(encodeEntry),
)
const RAW = Buffer.concat(
  [DUMP, COMMANDS, UNREADABLE].map((kind) =>
    encodeRecord({ kind, expiresAt: 1, key: Buffer.from('key'), value: Buffer.from('value') }),
  ),
)
const BEFORE = encodeRecord({
  ...{ kind: ABSENT, expiresAt: null },
  ...{ key: Buffer.from('key'), value: Buffer.alloc(0) },
})

/** Returns the bytes of a small backup. */
async function backupOf(
  mode: BackupMode,
  records: Buffer,
  count: number,
  ring?: KeyRing,
): Promise<Buffer> {
  const path = newFile()
  const handle = await open(path, 'w')
  const header: BackupHeader = {
    ...{ createdAt: new Date(clock.wallTime()).toISOString(), pattern: '*' },
    ...{ sourceCacheType: 'InMemoryCache', mode },
  }
  const writer = await ChunkWriter.start(handle, header, { compression: 'gzip', keys: ring })
  await writer.append(records, count)
  if (mode !== 'typed') await writer.appendPosition({ node: '', cursor: '0' })
  await writer.finish()
  await handle.close()
  return readFile(path)
}

/** Returns a file in memory. A file on disk for each input would take most of the time. */
function inMemory(bytes: Buffer): FileHandle {
  const file = {
    stat: async () => ({ size: bytes.length }),
    read: async (target: Buffer, offset: number, length: number, position: number) => ({
      bytesRead: bytes.copy(target, offset, position, position + length),
    }),
    createReadStream: () => Readable.from([bytes]),
  }
  return file as unknown as FileHandle
}

const readAll = (bytes: Buffer, ring?: KeyRing): Promise<unknown> =>
  readWhole(new ChunkReader(inMemory(bytes), ring), () => undefined)

/** Returns a file with right checksums, as someone who can write files would write it. */
function withChecksums(bytes: Buffer): Buffer {
  if (bytes.length < PREAMBLE_BYTES) return bytes
  const file = Buffer.from(bytes)
  let end = PREAMBLE_BYTES + file.readUInt32BE(12)
  let digest: Buffer = createHash('sha256').update(file.subarray(0, end)).digest()
  while (end + DIGEST_BYTES <= file.length) {
    digest.copy(file, end)
    const start = end + DIGEST_BYTES
    if (start + CHUNK_HEAD_BYTES > file.length) break
    const head = file.subarray(start, start + CHUNK_HEAD_BYTES)
    end = start + CHUNK_HEAD_BYTES + head.readUInt32BE(13)
    digest = digestOf(digest, head, file.subarray(start + CHUNK_HEAD_BYTES, end))
  }
  return file
}

const LINES = [
  '{"format":"verbatim-cache-backup","format_version":1,"created_at":"2026-11-22T10:00:00.000Z","pattern":"*","source_cache_type":"InMemoryCache"}',
  '{"key":"user:2","value":"Grace","expires_at":null}',
  '{"key":"user:1","value":{"name":"Ada","joined":{"$date":0}},"expires_at":1794890000000}',
]

/** Returns a backup of version 1 with a right checksum. */
function sealed(lines: Buffer): Buffer {
  const count = lines.toString().split('\n').length - 2
  const sha256 = createHash('sha256').update(lines).digest('hex')
  return gzipSync(Buffer.concat([lines, Buffer.from(`${JSON.stringify({ count, sha256 })}\n`)]))
}

const readLines = (bytes: Buffer): Promise<unknown> =>
  readWhole(new LineReader(inMemory(bytes)), () => undefined)

const isExpected = (error: unknown): boolean =>
  error instanceof SerializationError || error instanceof SecurityError

const TARGETS: Readonly<Record<string, () => FuzzTarget | Promise<FuzzTarget>>> = {
  backup: async () => ({
    corpus: [await backupOf('typed', ENTRIES, 2), await backupOf('raw', RAW, 3)],
    decode: (bytes) => readAll(bytes),
    isExpected,
  }),
  'backup with right checksums': async () => ({
    corpus: [
      await backupOf('typed', ENTRIES, 2),
      await backupOf('raw', RAW, 3),
      await backupOf('journal', Buffer.concat([RAW, BEFORE]), 4),
    ],
    decode: (bytes) => readAll(withChecksums(bytes)),
    isExpected,
  }),
  'encrypted backup with right checksums': async () => ({
    corpus: [
      await backupOf('typed', ENTRIES, 2, keys),
      await backupOf('typed', ENTRIES, 2, KeyRing.generate()),
      await backupOf('typed', ENTRIES, 2),
    ],
    decode: (bytes) => readAll(withChecksums(bytes), keys),
    isExpected,
  }),
  'records of a backup': () => ({
    corpus: [ENTRIES, RAW, BEFORE],
    decode: (bytes) => Array.from(decodeRecords(bytes), decodeEntry),
    isExpected,
  }),
  'backup of version 1': () => ({
    corpus: [sealed(Buffer.from(`${LINES.join('\n')}\n`))],
    decode: readLines,
    isExpected,
  }),
  'backup of version 1 with a right checksum': () => ({
    corpus: [Buffer.from(`${LINES.join('\n')}\n`)],
    decode: (bytes) => readLines(sealed(bytes)),
    isExpected,
  }),
}

const outcomes = new Map<string, FuzzOutcome>()
afterAll(() => printOutcomes(outcomes))

test.each(Object.entries(TARGETS))(
  'changed inputs of a %s neither crash nor block nor fill the memory',
  async (name, target) => {
    const inputs = name.includes('version 1') ? Math.ceil(INPUTS / 20) : INPUTS
    const outcome = await fuzz(await target(), inputs)
    outcomes.set(name, outcome)
    expect(outcome.growthBytes).toBeLessThan(64 * MEBIBYTE)
    expect(outcome.accepted).toBeGreaterThan(0)
  },
  3_600_000,
)

test('a chunk that declares less than it decompresses to is rejected', async () => {
  const zeros = Buffer.alloc(16 * MEBIBYTE)
  const bomb = await backupOf('typed', zeros, 0)
  const headerEnd = PREAMBLE_BYTES + bomb.readUInt32BE(12) + DIGEST_BYTES
  for (const plainLength of [0, 13, zeros.length - 1]) {
    bomb.writeUInt32BE(plainLength, headerEnd + 9)
    await expect(readAll(withChecksums(bomb))).rejects.toThrow('chunk 0 cannot be decompressed')
  }
})
