import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  HEADER_LENGTH,
  isEnvelope,
  KIND_OFFSET,
  openEnvelope,
  readFreshness,
  readStamp,
  readTags,
  STAMP_LENGTH,
  STAMP_OFFSET,
  sealEnvelope,
  TAGS_LENGTH_OFFSET,
} from '../../src/codec/envelope.js'

const stamp = Buffer.from([1, 2, 3, 4, 5, 6, 7, 8])
const body = { bytes: Buffer.from('"verbatim"'), compressed: false, decodedLength: 10 }
const sealed = sealEnvelope('key', {
  ...{ stamp, graceMs: 0.5, loadMs: 258, writtenAt: 2, body },
  tags: [['t', 'v']],
})

describe('the layout', () => {
  test('is this, to the byte', () => {
    const header = [
      'f556 01 01',
      '0102030405060708',
      '00 00 0000000a',
      '4000000000000000',
      '3fe0000000000000',
      '00000102',
      '0000000b',
      sealed.toString('hex', 42, 46),
    ]
    const expected = Buffer.from(header.join('').replaceAll(' ', ''), 'hex')
    expect(sealed).toStrictEqual(Buffer.concat([expected, Buffer.from('[["t","v"]]'), body.bytes]))
    expect(expected.length).toBe(HEADER_LENGTH)
    expect([KIND_OFFSET, STAMP_OFFSET, STAMP_LENGTH, TAGS_LENGTH_OFFSET]).toEqual([3, 4, 8, 38])
  })

  test('a load of months does not overflow', () => {
    const details = { stamp, graceMs: 0, writtenAt: 0, body, tags: [] }
    expect(readFreshness(sealEnvelope('key', { ...details, loadMs: 1e10 })).loadMs).toBe(
      2 ** 32 - 1,
    )
  })
})

describe('reading', () => {
  test('all of it', () => {
    expect(openEnvelope('key', sealed)).toStrictEqual({
      ...{ stamp, graceMs: 0.5, loadMs: 258, body },
      tags: [['t', 'v']],
    })
  })

  test('only the freshness, of which foreign and cut bytes have none', () => {
    expect(readFreshness(sealed.subarray(0, HEADER_LENGTH))).toEqual({ graceMs: 0.5, loadMs: 258 })
    const none = { graceMs: 0, loadMs: 0 }
    expect(readFreshness(sealed.subarray(0, HEADER_LENGTH - 1))).toEqual(none)
    expect(readFreshness(Buffer.from(`rawj:{}${' '.repeat(50)}`))).toEqual(none)
    expect(isEnvelope(Buffer.from('rawj:{}'))).toBe(false)
  })

  test('only the tags, of which foreign, cut and damaged bytes have none', () => {
    const end = HEADER_LENGTH + '[["t","v"]]'.length
    expect(readTags(sealed.subarray(0, end))).toEqual([['t', 'v']])
    expect(readTags(sealed.subarray(0, end - 1))).toEqual([])
    expect(readTags(sealed.subarray(0, HEADER_LENGTH - 1))).toEqual([])
    expect(readTags(Buffer.from(`rawj:{}${' '.repeat(50)}`))).toEqual([])
    const damaged = Buffer.from(sealed)
    damaged.write('x', HEADER_LENGTH)
    expect(readTags(damaged)).toEqual([])
  })

  test('a stamp, which does not hold on to the value', () => {
    const bytes = Buffer.from(sealed)
    const read = readStamp(bytes)
    bytes.fill(0)
    expect(read).toStrictEqual(stamp)
  })

  test('what stands in the place of a stamp', () => {
    expect(readStamp(Buffer.from('rawj:{"a":1}  '))).toStrictEqual(Buffer.from(':{"a":1}'))
    expect(readStamp(Buffer.from('rawj:1'))).toStrictEqual(Buffer.from(':1'))
  })

  test('a mark of no value is none', () => {
    const marker = Buffer.from(sealed)
    marker[KIND_OFFSET] = 0
    expect(() => openEnvelope('key', marker)).toThrow('the stored value is')
  })
})

describe('damage is noticed', () => {
  test('one to three flipped bits', () => {
    const bits = fc.uniqueArray(fc.nat({ max: sealed.length * 8 - 1 }), {
      minLength: 1,
      maxLength: 3,
    })
    fc.assert(
      fc.property(bits, (flipped) => {
        const damaged = Buffer.from(sealed)
        for (const bit of flipped)
          damaged.writeUInt8(damaged.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
        expect(() => openEnvelope('key', damaged)).toThrow('the stored value is')
      }),
      { numRuns: 20_000 },
    )
  })

  test('every cut', () => {
    for (let length = 0; length < sealed.length; length++) {
      expect(() => openEnvelope('key', sealed.subarray(0, length))).toThrow('the stored value is')
    }
  })

  test('another key', () => {
    expect(() => openEnvelope('another key', sealed)).toThrow('the stored value is damaged')
  })
})
