import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { gunzipSync, gzipSync } from 'node:zlib'
import { ManualClock } from '@verbatim/cache-core'
import { InMemoryCache } from '@verbatim/cache-memory'
import { describe, expect, test } from 'vitest'
import { CacheMigrationManager } from '../../src/index.js'
import { newFile } from '../backup-folder.js'

const clock = new ManualClock()
const manager = new CacheMigrationManager({ clock })
const whole = new Map<string, unknown>([
  ['user:1', { name: 'Ada', joined: new Date(0) }],
  ['user:2', 'Grace'],
])
const header =
  '{"format":"verbatim-cache-backup","format_version":1,"created_at":"2026-11-22T10:00:00.000Z","pattern":"*","source_cache_type":"InMemoryCache"}'
const first = '{"key":"user:2","value":"Grace","expires_at":null}'
const second = '{"key":"user:1","value":{"name":"Ada","joined":{"$date":0}},"expires_at":null}'
const scratch = newFile()
const packed = sealed(header, first, second)
const trailer = lastLineOf(packed)

test('a restore accepts a backup of version 1', async () => {
  expect(await restore(packed)).toEqual({ success: true, errors: [], restored: whole })
  expect(await manager.inspectBackup(scratch)).toMatchObject({
    success: true,
    formatVersion: 1,
    mode: 'typed',
    pattern: '*',
    keys: 2,
  })
})

describe('a restore rejects a damaged file and writes nothing', () => {
  test('rejects a change of any byte', async () => {
    for (const at of packed.keys()) {
      // The timestamp, level and operating system in the gzip header contain no data.
      if (at >= 4 && at < 10) continue
      expect(await refusal(withChange(at, 0xff)), `byte ${at}`).toContain('invalid backup: ')
    }
  }, 60_000)

  test('rejects a file that is truncated at any length', async () => {
    for (let length = 0; length < packed.length; length += 2) {
      expect(await refusal(packed.subarray(0, length))).toContain('the file is truncated')
    }
  }, 60_000)

  test('never restores other values after a change of a bit', async () => {
    // Every seventh bit reaches each byte and each position in a byte.
    for (let bit = 0; bit < packed.length * 8; bit += 7) {
      const { success, restored } = await restore(withChange(bit >> 3, 1 << (bit & 7)))
      expect(restored, `bit ${bit}`).toStrictEqual(success ? whole : new Map())
    }
  }, 60_000)
})

describe('a restore rejects an invalid file and writes nothing', () => {
  test('rejects a file that does not exist', async () => {
    const result = await manager.restoreBackup(newFile(), new InMemoryCache())
    expect(result).toMatchObject({ success: false, errors: [expect.stringContaining('ENOENT')] })
  })

  test('rejects a folder', async () => {
    const result = await manager.restoreBackup('/', new InMemoryCache())
    const errors = [
      'Restore failed: file must be a regular file, or - for standard input in cache-migrate; "/" is a directory',
    ]
    expect(result).toMatchObject({ success: false, errors })
  })

  test('rejects a file that is not gzip data', async () => {
    expect(await refusal(gunzipSync(packed))).toContain('the file is not a cache backup')
  })

  test('rejects gzip data that is not a backup', async () => {
    expect(await refusal(gzipLines('{"keys":{}}'))).toContain('the file is not a cache backup')
    expect(await refusal(gzipLines('hello'))).toContain('unrecognized record at line 1')
    expect(await refusal(gzipLines())).toContain('the file is truncated')
  })

  test('rejects another format version', async () => {
    const newer = header.replace('"format_version":1', '"format_version":2')
    expect(await refusal(sealed(newer, first, second))).toContain(
      'format version must be 1 in a gzip file; received 2',
    )
  })

  test('rejects a missing and an additional entry', async () => {
    const less = await refusal(gzipLines(header, first, trailer))
    expect(less).toContain('number of entries must be 2; received 1')
    const more = await refusal(gzipLines(header, first, second, second, trailer))
    expect(more).toContain('number of entries must be 2; received 3')
  })

  test('rejects a changed entry, swapped entries and another header', async () => {
    const changed = second.replace('Ada', 'Eve')
    const otherHeader = header.replace('"pattern":"*"', '"pattern":"user:*"')
    for (const lines of [
      [header, first, changed],
      [header, second, first],
      [otherHeader, first, second],
    ]) {
      expect(await refusal(gzipLines(...lines, trailer))).toContain('the checksum does not match')
    }
  })

  test('rejects a file without its last line and data after the last line', async () => {
    expect(await refusal(gzipLines(header, first, second))).toContain('the file is truncated')
    const unended = gzipSync([header, first, second, trailer].join('\n'))
    expect(await refusal(unended)).toContain('the file is truncated')
    const twice = Buffer.concat([packed, packed])
    expect(await refusal(twice)).toContain('the file continues after the last record')
    const withRest = Buffer.concat([packed, Buffer.from('more')])
    expect(await refusal(withRest)).toContain('the file is damaged or not gzip data')
  })

  test.each([
    ['{"key":"","value":1,"expires_at":null}', 'the entry at line 3 has an invalid key'],
    ['{"key":7,"value":1,"expires_at":null}', 'the entry at line 3 has an invalid key'],
    ['{"key":"a","expires_at":null}', 'the entry at line 3 has no value'],
    [
      '{"key":"a","value":{"$undefined":true},"expires_at":null}',
      'the entry at line 3 has no value',
    ],
    ['{"key":"a","value":1}', 'the entry at line 3 has an invalid expiry'],
    ['{"key":"a","value":1,"expires_at":"soon"}', 'the entry at line 3 has an invalid expiry'],
    ['{"key":"a","value":{"$bigint":"x"},"expires_at":null}', 'unrecognized record at line 3'],
    ['{"key":"a","value":{"$code":"x"},"expires_at":null}', 'unrecognized record at line 3'],
    ['[]', 'unrecognized record at line 3'],
    ['', 'unrecognized record at line 3'],
  ])('rejects the line %s despite a valid checksum', async (line, reason) => {
    expect(await refusal(sealed(header, first, line))).toContain(`invalid backup: ${reason}`)
  })

  test('rejects a small file that decompresses to an endless line', async () => {
    const bomb = gzipSync(Buffer.concat([Buffer.from(`${header}\n`), Buffer.alloc(2 ** 27)]))
    expect(bomb.length).toBeLessThan(150_000)
    expect(await refusal(bomb)).toContain('a line is longer than 67125248 bytes')
  })

  test('rejects a small file that decompresses to endless lines', async () => {
    const bomb = gzipSync(Buffer.concat([Buffer.from(`${header}\n`), Buffer.alloc(2 ** 27, '\n')]))
    expect(await refusal(bomb)).toContain('unrecognized record at line 2')
  })
})

test('the error for an invalid file never contains a value', async () => {
  const broken = gzipLines(header, '{"key":"a","value":"secret" oops')
  expect(await refusal(broken)).not.toContain('secret')
})

function withChange(at: number, mask: number): Buffer {
  const changed = Buffer.from(packed)
  changed.writeUInt8(changed.readUInt8(at) ^ mask, at)
  return changed
}

function lastLineOf(bytes: Buffer): string {
  return gunzipSync(bytes).toString().trimEnd().split('\n').at(-1) ?? ''
}

function gzipLines(...lines: readonly string[]): Buffer {
  return gzipSync(lines.map((line) => `${line}\n`).join(''))
}

/** Returns a file of these lines and a valid last line. */
function sealed(...lines: readonly string[]): Buffer {
  const sha256 = createHash('sha256').update(lines.map((line) => `${line}\n`).join(''))
  return gzipLines(
    ...lines,
    JSON.stringify({ count: lines.length - 1, sha256: sha256.digest('hex') }),
  )
}

interface Restored {
  readonly success: boolean
  readonly errors: readonly string[]
  readonly restored: Map<string, unknown>
}

async function restore(bytes: Buffer): Promise<Restored> {
  await writeFile(scratch, bytes)
  const target = new InMemoryCache({ clock })
  const { success, errors } = await manager.restoreBackup(scratch, target)
  return { success, errors, restored: await contentsOf(target) }
}

/** Returns the errors of an inspection after a restore that rejected the file and wrote nothing. */
async function refusal(bytes: Buffer): Promise<string> {
  const { success, errors, restored } = await restore(bytes)
  if (success || restored.size > 0) return `restored ${restored.size} keys`
  const inspection = await manager.inspectBackup(scratch)
  return inspection.success ? 'the inspection reported no error' : errors.join('\n')
}

function contentsOf(cache: InMemoryCache): Promise<Map<string, unknown>> {
  return cache.getMany(cache.getActiveKeys())
}
