import { deflateSync } from 'node:zlib'
import { type CacheMonitor, ManualClock, SerializationError } from '@verbatim/cache-core'
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { HEADER_LENGTH, readFreshness, sealEnvelope } from '../../src/codec/envelope.js'
import { MAX_VALUE_BYTES, ValueCodec } from '../../src/codec/value-codec.js'

const NOT_GRACED = { graceMs: 0, loadMs: 0 }

function codec(monitor?: CacheMonitor): ValueCodec {
  return new ValueCodec({
    compressionThreshold: 1_000,
    compressionLevel: 6,
    clock: new ManualClock(),
    monitor,
  })
}

describe('values and bytes', () => {
  test.each([
    ['small', 'text', 6],
    ['over the threshold', 'verbatim '.repeat(1_000), 200],
    ['large enough to leave the event loop', 'verbatim '.repeat(200_000), 10_000],
  ])('a value that is %s', async (_size, value, most) => {
    const bytes = await codec().encode('key', value, NOT_GRACED)
    expect(bytes.length).toBeLessThanOrEqual(HEADER_LENGTH + most)
    expect(await codec().decode('key', bytes)).toEqual({ value, ...NOT_GRACED })
  })

  test('exactly the threshold is not compressed, one more byte is', async () => {
    // The quotes of JSON count.
    expect((await codec().encode('key', 'x'.repeat(998), NOT_GRACED)).length).toBe(
      HEADER_LENGTH + 1_000,
    )
    expect((await codec().encode('key', 'x'.repeat(999), NOT_GRACED)).length).toBeLessThan(
      HEADER_LENGTH + 50,
    )
  })

  test('what compression would make larger is stored as it is', async () => {
    const noise = Array.from({ length: 2_000 }, (_, index) =>
      String.fromCharCode(0x4e00 + index * 7),
    )
    const value = noise.join('')
    const bytes = await codec().encode('key', value, NOT_GRACED)
    expect(await codec().decode('key', bytes)).toEqual({ value, ...NOT_GRACED })
  })

  test('a grace and the time of a load come back as they were', async () => {
    const freshness = { graceMs: 3_600_000, loadMs: 1_234 }
    const bytes = await codec().encode('key', 'value', freshness)
    expect(await codec().decode('key', bytes)).toEqual({ value: 'value', ...freshness })
    expect(readFreshness(bytes.subarray(0, HEADER_LENGTH))).toEqual(freshness)
    expect(readFreshness(bytes.subarray(0, HEADER_LENGTH - 1))).toEqual(NOT_GRACED)
    expect(readFreshness(Buffer.from('rawj:{}'))).toEqual(NOT_GRACED)
  })

  test('a load of months does not overflow', async () => {
    const bytes = await codec().encode('key', 'value', { graceMs: 0, loadMs: 1e10 })
    expect(readFreshness(bytes).loadMs).toBe(2 ** 32 - 1)
  })

  test('compression is reported', async () => {
    const observeCompression = vi.fn()
    const monitor = { observeCompression } as unknown as CacheMonitor
    await codec(monitor).encode('key', 'x'.repeat(5_000), NOT_GRACED)
    expect(observeCompression).toHaveBeenCalledExactlyOnceWith(5_002, expect.any(Number), 0)
  })

  test("what the original wrote as 'rawj:' is read", async () => {
    const bytes = Buffer.from('rawj:{"summary":"kurz","confidence":0.95}')
    expect(await codec().decode('key', bytes)).toEqual({
      value: { summary: 'kurz', confidence: 0.95 },
      ...NOT_GRACED,
    })
  })

  test('a value beyond the limit is refused when written', async () => {
    const tooLong = 'x'.repeat(MAX_VALUE_BYTES)
    await expect(codec().encode('key', tooLong, NOT_GRACED)).rejects.toMatchObject({
      code: 'VALUE_TOO_LARGE',
    })
  })
})

describe('damaged bytes are refused', () => {
  test('every flipped bit', async () => {
    const bytes = await codec().encode('key', { list: ['verbatim'], n: 1 }, NOT_GRACED)
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const damaged = Buffer.from(bytes)
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      await expect(codec().decode('key', damaged), `bit ${bit}`).rejects.toThrow()
    }
  })

  test('every cut', async () => {
    const bytes = await codec().encode('key', 'x'.repeat(1_100), NOT_GRACED)
    for (let length = 0; length < bytes.length; length++) {
      await expect(codec().decode('key', bytes.subarray(0, length))).rejects.toThrow()
    }
  })

  test('a value copied to another key', async () => {
    const bytes = await codec().encode('tenant-1', 'private', NOT_GRACED)
    await expect(codec().decode('tenant-2', bytes)).rejects.toThrow('damaged')
  })

  test('pickles, foreign text and noise', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (noise) => {
        await expect(codec().decode('key', Buffer.from(noise))).rejects.toThrow()
      }),
      { numRuns: 1_000 },
    )
    for (const text of ['raw:\x80\x04', 'compressed:x', '{"json": true}', 'rawj:{']) {
      await expect(codec().decode('key', Buffer.from(text))).rejects.toThrow()
    }
  })

  test('a body that unpacks to more than it says, without unpacking it', async () => {
    const bomb = deflateSync(Buffer.alloc(256 * 1_024 * 1_024))
    const envelope = { ...NOT_GRACED, compressed: true, writtenAt: 0, body: bomb }
    const before = process.memoryUsage().rss
    await expect(
      codec().decode('key', sealEnvelope('key', { ...envelope, decodedLength: 100 })),
    ).rejects.toThrow()
    await expect(
      codec().decode('key', sealEnvelope('key', { ...envelope, decodedLength: 2 ** 32 - 1 })),
    ).rejects.toThrow(SerializationError)
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1_024 * 1_024)
  })
})
