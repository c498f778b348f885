import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { gunzipSync, gzipSync } from 'node:zlib'
import { ManualClock } from '@verbatim/cache-core'
import { InMemoryCache } from '@verbatim/cache-memory'
import { describe, expect, test } from 'vitest'
import { CacheMigrationManager } from '../src/index.js'
import { newFile } from './backup-folder.js'

const clock = new ManualClock()
const manager = new CacheMigrationManager({ clock })
const source = new InMemoryCache({ clock, defaultTtl: null })
await source.set('user:1', { name: 'Ada', joined: new Date(0) })
await source.set('user:2', 'Grace')
const original = newFile()
await manager.createBackup(source, original)
const packed = await readFile(original)
const [header = '', first = '', second = '', trailer = ''] = gunzipSync(packed)
  .toString()
  .split('\n')

describe('a damaged file is refused, and nothing is written', () => {
  test('whichever byte is changed', async () => {
    for (const at of packed.keys()) {
      // Time stamp, level and operating system in gzip's header: they carry no data.
      if (at >= 4 && at < 10) continue
      expect(await refusal(withChange(at, 0xff)), `byte ${at}`).toContain('the file ')
    }
  }, 60_000)

  test('wherever it is cut', async () => {
    for (let length = 0; length < packed.length; length++) {
      expect(await refusal(packed.subarray(0, length))).toContain('the file is cut short')
    }
  }, 60_000)

  test('and no changed bit makes it restore anything else', async () => {
    const whole = await contentsOf(source)
    for (let bit = 0; bit < packed.length * 8; bit++) {
      const { success, restored } = await restore(withChange(bit >> 3, 1 << (bit & 7)))
      expect(restored, `bit ${bit}`).toStrictEqual(success ? whole : new Map())
    }
  }, 60_000)
})

describe('a file is refused, and nothing is written', () => {
  test('that is missing', async () => {
    const result = await manager.restoreBackup(newFile(), new InMemoryCache())
    expect(result).toMatchObject({ success: false, errors: [expect.stringContaining('ENOENT')] })
  })

  test('that is a folder', async () => {
    const result = await manager.restoreBackup('/', new InMemoryCache())
    expect(result).toMatchObject({ success: false, errors: [expect.stringContaining('EISDIR')] })
  })

  test('that is not gzip', async () => {
    expect(await refusal(gunzipSync(packed))).toContain('is damaged, or not gzip')
  })

  test('that is something else, gzipped', async () => {
    expect(await refusal(gzipLines('{"keys":{}}'))).toContain('is not a cache backup')
    expect(await refusal(gzipLines('hello'))).toContain('has a line that no backup has')
    expect(await refusal(gzipLines())).toContain('is cut short')
  })

  test('of another format version', async () => {
    const newer = header.replace('"format_version":1', '"format_version":2')
    expect(await refusal(sealed(newer, first, second))).toContain(
      'has format version 2; this release reads 1',
    )
  })

  test('with an entry less or more', async () => {
    const less = await refusal(gzipLines(header, first, trailer))
    expect(less).toContain('has 1 entries; its last line says 2')
    const more = await refusal(gzipLines(header, first, second, second, trailer))
    expect(more).toContain('has 3 entries; its last line says 2')
  })

  test('with an entry changed, others swapped, or another header', async () => {
    const changed = second.replace('Ada', 'Eve')
    const otherHeader = header.replace('"pattern":"*"', '"pattern":"user:*"')
    for (const lines of [
      [header, first, changed],
      [header, second, first],
      [otherHeader, first, second],
    ]) {
      expect(await refusal(gzipLines(...lines, trailer))).toContain('does not match its checksum')
    }
  })

  test('without its last line, or with something after it', async () => {
    expect(await refusal(gzipLines(header, first, second))).toContain('is cut short')
    const unended = gzipSync([header, first, second, trailer].join('\n'))
    expect(await refusal(unended)).toContain('is cut short')
    const twice = Buffer.concat([packed, packed])
    expect(await refusal(twice)).toContain('goes on after its last line')
    const withRest = Buffer.concat([packed, Buffer.from('more')])
    expect(await refusal(withRest)).toContain('is damaged, or not gzip')
  })

  test.each([
    ['{"key":"","value":1,"expires_at":null}', 'an entry with a bad key'],
    ['{"key":7,"value":1,"expires_at":null}', 'an entry with a bad key'],
    ['{"key":"a","expires_at":null}', 'an entry without a value'],
    ['{"key":"a","value":{"$undefined":true},"expires_at":null}', 'an entry without a value'],
    ['{"key":"a","value":1}', 'an entry with a bad expiry'],
    ['{"key":"a","value":1,"expires_at":"soon"}', 'an entry with a bad expiry'],
    ['{"key":"a","value":{"$bigint":"x"},"expires_at":null}', 'a line that no backup has'],
    ['{"key":"a","value":{"$code":"x"},"expires_at":null}', 'a line that no backup has'],
    ['[]', 'a line that no backup has'],
    ['', 'a line that no backup has'],
  ])('with the line %s, though the checksum is right', async (line, reason) => {
    expect(await refusal(sealed(header, first, line))).toContain(`the file has ${reason}`)
  })

  test('that would unpack to a line without end', async () => {
    const bomb = gzipSync(Buffer.concat([Buffer.from(`${header}\n`), Buffer.alloc(2 ** 27)]))
    expect(bomb.length).toBeLessThan(150_000)
    expect(await refusal(bomb)).toContain('has a line of more than 67125248 bytes')
  })

  test('that would unpack to lines without end', async () => {
    const bomb = gzipSync(Buffer.concat([Buffer.from(`${header}\n`), Buffer.alloc(2 ** 27, '\n')]))
    expect(await refusal(bomb)).toContain('has a line that no backup has')
  })
})

test('a value in a broken file is not quoted', async () => {
  const broken = gzipLines(header, '{"key":"a","value":"secret" oops')
  expect(await refusal(broken)).not.toContain('secret')
})

function withChange(at: number, mask: number): Buffer {
  const changed = Buffer.from(packed)
  changed.writeUInt8(changed.readUInt8(at) ^ mask, at)
  return changed
}

function gzipLines(...lines: readonly string[]): Buffer {
  return gzipSync(lines.map((line) => `${line}\n`).join(''))
}

/** With the last line that the others deserve. */
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

const scratch = newFile()

async function restore(bytes: Buffer): Promise<Restored> {
  await writeFile(scratch, bytes)
  const target = new InMemoryCache({ clock })
  const { success, errors } = await manager.restoreBackup(scratch, target)
  return { success, errors, restored: await contentsOf(target) }
}

/** Why a file was refused, by a restore that wrote nothing and by an inspection alike. */
async function refusal(bytes: Buffer): Promise<string> {
  const { success, errors, restored } = await restore(bytes)
  if (success || restored.size > 0) return `restored ${restored.size} keys`
  const inspection = await manager.inspectBackup(scratch)
  return inspection.success ? 'the inspection found nothing' : errors.join('\n')
}

function contentsOf(cache: InMemoryCache): Promise<Map<string, unknown>> {
  return cache.getMany(cache.getActiveKeys())
}
