import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import * as zlib from 'node:zlib'
import { ManualClock } from '@verbatim/cache-core'
import { InMemoryCache } from '@verbatim/cache-memory'
import { beforeAll, describe, expect, test } from 'vitest'
import { CacheMigrationManager } from '../../src/index.js'
import { newFile } from '../backup-folder.js'

/** Nightly runs can set the number of random corruptions, and every run can repeat a seed. */
const CORRUPTIONS = Number(process.env['CORRUPTIONS'] ?? 200)
const SEED = process.env['SEED'] ?? String(Date.now())

const PREAMBLE = 16
const CHUNK_HEAD = 17
const DIGEST = 32

const clock = new ManualClock(Date.UTC(2026, 10, 22))
const manager = new CacheMigrationManager({ clock })
const source = new InMemoryCache({ clock, maxSize: 10_000 })
const file = newFile()
let packed: Buffer
let boundaries: number[]

beforeAll(async () => {
  await source.set('user:1', { name: 'Ada', joined: new Date(0) }, 10)
  // Three chunks of values that do not compress well.
  for (let index = 0; index < 600; index++) await source.set(`noise:${index}`, noise(index), null)
  await manager.createBackup(source, file, { compression: 'gzip' })
  packed = await readFile(file)
  boundaries = chunkStarts(packed)
})

test('restores what was backed up', async () => {
  expect(boundaries.length).toBeGreaterThan(4)
  const target = new InMemoryCache({ clock, maxSize: 10_000 })
  expect(await manager.restoreBackup(file, target)).toMatchObject({
    success: true,
    keysRestored: 601,
  })
  expect(await contentsOf(target)).toEqual(await contentsOf(source))
  expect(await target.getTtl('user:1')).toBe(10)
  expect(await manager.verifyBackup(file)).toMatchObject({ success: true, keys: 601, errors: [] })
})

test('a reader in Python that follows the description finds the same records', () => {
  const script = fileURLToPath(new URL('read-backup.py', import.meta.url))
  const lines = execFileSync('python3', [script, file], { encoding: 'utf8', maxBuffer: 2 ** 26 })
  const [header, ...records] = lines
    .trimEnd()
    .split('\n')
    .map((line): Record<string, unknown> => JSON.parse(line))
  expect(header).toEqual({
    created_at: '2026-11-22T00:00:00.000Z',
    pattern: '*',
    source_cache_type: 'InMemoryCache',
    mode: 'typed',
  })
  expect(records).toHaveLength(601)
  expect(records.find(({ key }) => key === 'user:1')).toEqual({
    kind: 1,
    key: 'user:1',
    value: Buffer.from('{"name":"Ada","joined":{"$date":0}}').toString('base64'),
    expires_at: Date.UTC(2026, 10, 22) + 10_000,
  })
})

test.skipIf(!('zstdCompress' in zlib))('a backup in zstd is restored', async () => {
  const other = newFile()
  await manager.createBackup(source, other, { compression: 'zstd' })
  const bytes = await readFile(other)
  expect(bytes.readUInt8(9)).toBe(2)
  const target = new InMemoryCache({ clock, maxSize: 10_000 })
  await manager.restoreBackup(other, target)
  expect(await contentsOf(target)).toEqual(await contentsOf(source))
})

describe('a restore rejects a damaged file and writes nothing', () => {
  test(
    `rejects ${CORRUPTIONS} random changes (SEED=${SEED})`,
    async () => {
      const random = randomFrom(SEED)
      for (let round = 0; round < CORRUPTIONS; round++) {
        const { name, bytes } = corrupt(packed, boundaries, random)
        if (bytes.equals(packed)) continue
        expect(await refusal(bytes), `${name} in round ${round}`).toContain('invalid backup: ')
      }
    },
    60_000 + CORRUPTIONS * 500,
  )

  test('rejects a change of each byte of the header and of the first chunk head', async () => {
    for (let at = 0; at < (boundaries[0] ?? 0) + CHUNK_HEAD; at++) {
      const changed = Buffer.from(packed)
      changed.writeUInt8(changed.readUInt8(at) ^ 0xff, at)
      expect(await refusal(changed), `byte ${at}`).toContain('invalid backup: ')
    }
  }, 60_000)

  test('names a file without its trailer as truncated', async () => {
    expect(await refusal(packed.subarray(0, boundaries.at(-2)))).toContain('it has no trailer')
    expect(await refusal(packed.subarray(0, -1))).toContain('the file is truncated')
    expect(await refusal(packed.subarray(0, 7))).toContain('the file is truncated')
    expect(await refusal(Buffer.alloc(0))).toContain('the file is truncated')
  })

  test('names a file from a newer version', async () => {
    const newer = Buffer.from(packed)
    newer.writeUInt8(3, 8)
    expect(await refusal(newer)).toContain(
      'format version must be 1 or 2; received 3; a newer release of this package wrote the file',
    )
  })

  test('rejects chunks of another backup of the same keys', async () => {
    const other = newFile()
    clock.advance(1)
    await manager.createBackup(source, other, { compression: 'gzip' })
    const otherBytes = await readFile(other)
    const mixed = Buffer.concat([
      packed.subarray(0, boundaries[1]),
      otherBytes.subarray(chunkStarts(otherBytes)[1]),
    ])
    expect(await refusal(mixed)).toContain('the checksum of chunk 1 does not match')
  })

  test('rejects a small chunk that decompresses to more than its length', async () => {
    const start = boundaries[0] ?? 0
    const bomb = sealChunk(packed.subarray(0, start), zlib.gzipSync(Buffer.alloc(2 ** 27)), 100)
    expect(bomb.length).toBeLessThan(150_000)
    expect(await refusal(bomb)).toContain('chunk 0 cannot be decompressed')
  })

  test.each([
    ['a record that is longer than its chunk', Buffer.from([1, 0, 0])],
    ['an unknown kind of record', record(9, 'a', '1')],
    ['an empty key', record(1, '', '1')],
    ['a value that is not JSON', record(1, 'a', 'secret {')],
    ['a value that is undefined', record(1, 'a', '{"$undefined":true}')],
  ])('rejects %s despite valid checksums', async (_name, plain) => {
    const start = boundaries[0] ?? 0
    const bytes = sealChunk(packed.subarray(0, start), zlib.gzipSync(plain), plain.length)
    const reason = await refusal(bytes)
    expect(reason).toMatch(/invalid backup: an? (record|entry) /)
    expect(reason).not.toContain('secret')
  })
})

interface Corruption {
  readonly name: string
  readonly bytes: Buffer
}

/** Returns a copy with one random change: a flipped bit, a cut, swapped or repeated chunks, or more bytes. */
function corrupt(
  bytes: Buffer,
  starts: readonly number[],
  random: (below: number) => number,
): Corruption {
  const chunk = (index: number): Buffer => bytes.subarray(starts[index], starts[index + 1])
  const chunks = starts.slice(0, -1).map((_start, index) => chunk(index))
  const head = bytes.subarray(0, starts[0])
  const [one, two] = [random(chunks.length), random(chunks.length)]
  const at = random(bytes.length)
  switch (random(6)) {
    case 0: {
      const changed = Buffer.from(bytes)
      changed.writeUInt8(changed.readUInt8(at) ^ (1 << random(8)), at)
      return { name: 'a flipped bit', bytes: changed }
    }
    case 1:
      return { name: 'a cut', bytes: bytes.subarray(0, at) }
    case 2: {
      const length = 1 + random(64)
      const without = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)])
      return { name: 'missing bytes', bytes: without }
    }
    case 3: {
      const swapped = chunks.map((each, index) => {
        if (index === one) return chunk(two)
        return index === two ? chunk(one) : each
      })
      return { name: 'swapped chunks', bytes: Buffer.concat([head, ...swapped]) }
    }
    case 4: {
      const more = random(2) === 0 ? chunk(one) : Buffer.alloc(1 + random(64), random(256))
      return { name: 'appended bytes', bytes: Buffer.concat([bytes, more]) }
    }
    default: {
      const fewer = chunks.filter((_chunk, index) => index !== one)
      return { name: 'a missing chunk', bytes: Buffer.concat([head, ...fewer]) }
    }
  }
}

/** Returns the offset of each chunk, and the end of the file. */
function chunkStarts(bytes: Buffer): number[] {
  const starts = [PREAMBLE + bytes.readUInt32BE(12) + DIGEST]
  for (let at = starts[0] ?? 0; at < bytes.length; ) {
    at += CHUNK_HEAD + bytes.readUInt32BE(at + 13) + DIGEST
    starts.push(at)
  }
  return starts
}

/** Returns the start of a file with one more chunk, whose checksum is valid. */
function sealChunk(start: Buffer, stored: Buffer, plainLength: number): Buffer {
  const head = Buffer.alloc(CHUNK_HEAD)
  head.writeUInt8(1, 0)
  head.writeUInt32BE(1, 5)
  head.writeUInt32BE(plainLength, 9)
  head.writeUInt32BE(stored.length, 13)
  const previous = start.subarray(-DIGEST)
  const digest = createHash('sha256').update(previous).update(head).update(stored).digest()
  return Buffer.concat([start, head, stored, digest])
}

function record(kind: number, key: string, value: string): Buffer {
  const bytes = Buffer.alloc(17 + key.length + value.length)
  bytes.writeUInt8(kind, 0)
  bytes.writeBigInt64BE(-1n, 1)
  bytes.writeUInt32BE(key.length, 9)
  bytes.write(key, 13)
  bytes.writeUInt32BE(value.length, 13 + key.length)
  bytes.write(value, 17 + key.length)
  return bytes
}

const scratch = newFile()

/** Returns the errors of a restore that rejected the file and wrote nothing. */
async function refusal(bytes: Buffer): Promise<string> {
  await writeFile(scratch, bytes)
  const target = new InMemoryCache({ clock, maxSize: 10_000 })
  const { success, errors } = await manager.restoreBackup(scratch, target)
  const written = target.getActiveKeys().length
  if (success || written > 0) return `restored ${written} keys`
  const verification = await manager.verifyBackup(scratch)
  return verification.success ? 'the verification reported no error' : errors.join('\n')
}

function contentsOf(cache: InMemoryCache): Promise<Map<string, unknown>> {
  return cache.getMany(cache.getActiveKeys())
}

function noise(index: number): string {
  return Array.from({ length: 24 }, (_, part) =>
    createHash('sha256').update(`${index}.${part}`).digest('base64'),
  ).join('')
}

/** Returns a generator of repeatable random integers. */
function randomFrom(seed: string): (below: number) => number {
  let round = 0
  return (below) =>
    createHash('sha256').update(`${seed}.${round++}`).digest().readUIntBE(0, 6) % below
}
