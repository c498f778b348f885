import { isDeepStrictEqual } from 'node:util'
import { deflateSync } from 'node:zlib'
import type { CacheMonitor } from '@verbatim/cache-core'
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { MAX_JSON_BYTES } from '../../src/codec/body.js'
import { MAX_TAGS_LENGTH, sealLine, USUAL_HEAD_LENGTH } from '../../src/codec/stored-line.js'
import {
  codecWith,
  DETAILS,
  FRESH_UNTIL,
  GENERATION,
  headOf,
  MEBIBYTE,
  NO_THREADS,
  placeOf,
  SHAPES,
} from './codec-fixtures.js'

const codec = codecWith()
/** The metadata of a value. */
const STORED = { ...DETAILS, freshUntil: FRESH_UNTIL, tags: [], generation: GENERATION }

describe('values and bytes', () => {
  test.each([
    ['small', 'text', 6],
    ['over the threshold', 'verbatim '.repeat(1_000), 200],
    ['large enough to leave the event loop', 'verbatim '.repeat(50_000), 3_000],
  ])('a value that is %s', async (_size, value, most) => {
    const bytes = await codec.encode('key', value, DETAILS)
    expect(bytes.length).toBeLessThanOrEqual(headOf(bytes).length + most)
    expect(await codec.decode('key', bytes)).toEqual({ value, ...STORED })
  })

  test.each(Object.entries(SHAPES))('%s of every size', async (_name, make) => {
    for (const size of [0, 1_000, 2_000, 50_000, 100_000, 900_000]) {
      const value = make(size)
      const decoded = await codec.decode('key', await codec.encode('key', value, DETAILS))
      expect(isDeepStrictEqual(decoded.value, value), `${size} bytes`).toBe(true)
    }
  })

  test('exactly the threshold is not compressed, one more byte is', async () => {
    // The quotes of JSON count.
    const [at, over] = await Promise.all(
      [998, 999].map((length) => codec.encode('key', 'x'.repeat(length), DETAILS)),
    )
    expect(at?.length).toBe(headOf(at as Buffer).length + 1_000)
    expect(over?.length).toBeLessThan(headOf(over as Buffer).length + 50)
  })

  test('a value that compression would enlarge is stored uncompressed', async () => {
    const noise = Array.from({ length: 2_000 }, (_, index) =>
      String.fromCharCode(0x4e00 + index * 7),
    )
    const value = noise.join('')
    const bytes = await codec.encode('key', value, DETAILS)
    expect(await codec.decode('key', bytes)).toEqual({ value, ...STORED })
  })

  test('grace, time of the load and revision come back as they were', async () => {
    const details = { graceMs: 3_600_000, loadMs: 1_234, revision: 'another00000100000' }
    const bytes = await codec.encode('key', 'value', details)
    expect(await codec.decode('key', bytes)).toEqual({ value: 'value', ...STORED, ...details })
  })

  test('a value is taken as it is at the call', async () => {
    for (const text of ['small', 'x'.repeat(100_000)]) {
      const value = { list: [{ text }] }
      const encoding = codec.encode('key', value, DETAILS)
      value.list.push({ text: 'later' })
      Object.assign(value.list[0] as object, { text: 'later' })
      const decoded = await codec.decode('key', await encoding)
      expect(decoded.value).toEqual({ list: [{ text }] })
    }
  })

  test('compression is reported', async () => {
    const observeCompression = vi.fn()
    const monitor = { observeCompression } as unknown as CacheMonitor
    const reporting = codecWith(NO_THREADS, { monitor })
    await reporting.encode('key', 'x'.repeat(5_000), DETAILS)
    const [number] = [expect.any(Number) as number]
    expect(observeCompression).toHaveBeenCalledExactlyOnceWith(5_002, number, number)
  })

  test("a value that the Python version wrote as 'rawj:' is read", async () => {
    const bytes = Buffer.from('rawj:{"summary":"kurz","confidence":0.95}')
    expect(await codec.decode('key', bytes)).toEqual({
      value: { summary: 'kurz', confidence: 0.95 },
      freshUntil: undefined,
      graceMs: 0,
      loadMs: 0,
      revision: '',
      tags: [],
      generation: undefined,
    })
  })
})

describe('limits', () => {
  test('as JSON', async () => {
    const tooLong = ['x'.repeat(MAX_JSON_BYTES - 4), []]
    await expect(codec.encode('key', tooLong, DETAILS)).rejects.toMatchObject({
      code: 'VALUE_TOO_LARGE',
      message: `value takes ${MAX_JSON_BYTES + 3} bytes as JSON; at most ${MAX_JSON_BYTES} can be stored`,
    })
  })

  test('as JSON, noticed before there is any', async () => {
    let value: unknown = ['x'.repeat(MEBIBYTE)]
    // Would have 2 ** 40 MiB.
    for (let level = 0; level < 40; level++) value = [value, value]
    await expect(codec.encode('key', value, DETAILS)).rejects.toMatchObject({
      code: 'VALUE_TOO_LARGE',
    })
  })

  test('in Redis, when written', async () => {
    const limited = codecWith(NO_THREADS, { maxValueBytes: 500, compressionThreshold: 400 })
    const fits = 'x'.repeat(500 - 2)
    await limited.encode('key', 'x'.repeat(10_000), DETAILS)
    const uncompressed = codecWith(NO_THREADS, { maxValueBytes: 500, compressionThreshold: 1_000 })
    const bytes = await uncompressed.encode('key', fits, DETAILS)
    expect(bytes.length - headOf(bytes).length).toBe(500)
    await expect(uncompressed.encode('key', `${fits}x`, DETAILS)).rejects.toMatchObject({
      code: 'VALUE_TOO_LARGE',
      message: 'value takes 501 bytes in Redis; maxValueBytes allows 500',
    })
  })

  test('in Redis, 8 MiB by default', async () => {
    const plain = codecWith(NO_THREADS, { compressionThreshold: MAX_JSON_BYTES })
    await expect(plain.encode('key', 'x'.repeat(8 * MEBIBYTE), DETAILS)).rejects.toThrow(
      `maxValueBytes allows ${8 * MEBIBYTE}`,
    )
  })

  test('in Redis, when read, with room for tags', async () => {
    const limited = codecWith(NO_THREADS, { maxValueBytes: 500 })
    const tooLong = 'x'.repeat(500 + USUAL_HEAD_LENGTH + MAX_TAGS_LENGTH)
    const plain = codecWith(NO_THREADS, { compressionThreshold: MAX_JSON_BYTES })
    const bytes = await plain.encode('key', tooLong, DETAILS)
    await expect(limited.decode('key', bytes)).rejects.toThrow('unreadable: too_large')
    const python = Buffer.from(`rawj:"${tooLong}"`)
    await expect(limited.decode('key', python)).rejects.toThrow('unreadable: too_large')
    expect(await limited.decode('key', await limited.encode('key', 'x', DETAILS))).toBeDefined()
  })
})

describe('a value of another key is recognized', () => {
  test('a value copied to another key', async () => {
    const bytes = await codec.encode('tenant-1', 'private', DETAILS)
    await expect(codec.decode('tenant-2', bytes)).rejects.toThrow('unreadable: other_place')
  })

  test('pickles, foreign text and noise', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (noise) => {
        await expect(codec.decode('key', Buffer.from(noise))).rejects.toThrow('unreadable: foreign')
      }),
      { numRuns: 1_000 },
    )
    for (const text of ['raw:\x80\x04', 'compressed:x', '{"json": true}', 'rawj:{']) {
      await expect(codec.decode('key', Buffer.from(text))).rejects.toThrow('unreadable: foreign')
    }
  })

  test('a value whose body was changed', async () => {
    const bytes = await codec.encode('key', 'private', DETAILS)
    bytes.write('P', bytes.length - 8)
    await expect(codec.decode('key', bytes)).rejects.toThrow('unreadable: damaged')
  })

  test('sealed bodies that this release cannot read', async () => {
    const broken = deflateSync('"verbatim"').subarray(0, -5)
    for (const [content, compressed, decodedLength] of [
      [Buffer.from('{'), false, 1],
      [Buffer.from('{"$unknown":1}'), false, 14],
      [Buffer.from('"x"'), false, 4],
      [deflateSync('"x"'), true, 4],
      [broken, true, 10],
    ] as const) {
      const body = { content, length: content.length, compressed, decodedLength }
      const line = { ...DETAILS, tags: [], freshUntil: FRESH_UNTIL, generation: GENERATION, body }
      const bytes = Buffer.from(sealLine(placeOf('key'), line))
      await expect(codec.decode('key', bytes)).rejects.toThrow('unreadable: other_format')
    }
  })
})
