import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  glimpse,
  isEnvelope,
  isMark,
  KIND_OFFSET,
  MARK_HEAD,
  openEnvelope,
  readStamp,
  STAMP_LENGTH,
  STAMP_OFFSET,
  sealEnvelope,
  type TagVersion,
  USUAL_HEAD_LENGTH,
} from '../../src/codec/envelope.js'

const stamp = 'kPz0tqk2GbJv100000'
const content = Buffer.from('"verbatim"')
const body = { content, length: content.length, compressed: false, decodedLength: 10 }
const plain = {
  ...{ stamp, graceMs: 0.5, loadMs: 258, freshUntil: 1_794_890_000_000, body },
  tags: [['t', 'v']] as readonly TagVersion[],
}
const line = `=${stamp} 1794890000000 0.5 258 10 [["t","v"]]\n`
const sealed = Buffer.from(sealEnvelope('key', plain))

describe('the layout', () => {
  test('is this, to the byte', () => {
    expect(sealed.toString()).toBe(`V1 48d1e4b8 ${line}"verbatim"`)
    expect([KIND_OFFSET, STAMP_OFFSET, STAMP_LENGTH]).toEqual([12, 13, 18])
    expect(MARK_HEAD).toBe('V1 00000000 ?')
  })

  test('is the same for text as for its bytes', () => {
    const text = { ...body, content: '"verbatim"' }
    expect(sealEnvelope('key', { ...plain, body: text })).toBe(sealed.toString())
  })

  test('has no words for tags where there are none', () => {
    const [first = ''] = Buffer.from(sealEnvelope('key', { ...plain, tags: [] }))
      .toString()
      .split('\n')
    expect(first).toMatch(/^V1 [0-9a-f]{8} =kPz0tqk2GbJv100000 1794890000000 0.5 258 10$/)
  })

  test('is never longer than is usual, but for tags', () => {
    const numbers = { freshUntil: 2 ** 53, graceMs: 2 ** 53 - 0.5, loadMs: 1e15 / 3 }
    const longest = { ...plain, ...numbers, tags: [], body: { ...body, decodedLength: 2 ** 32 } }
    expect(sealEnvelope('key', longest).indexOf('\n')).toBeLessThan(USUAL_HEAD_LENGTH)
  })
})

describe('reading', () => {
  test('all of it', () => {
    expect(openEnvelope('key', sealed)).toStrictEqual(plain)
  })

  test.each([
    ['that never expires', { freshUntil: Number.POSITIVE_INFINITY }],
    ['with a grace for ever', { graceMs: Number.POSITIVE_INFINITY }],
    ['whose load took months', { loadMs: 1e10 }],
    ['that is compressed', { body: { ...body, compressed: true } }],
    ['with a tag of any letters', { tags: [['a b\n c "d" 同じ', 'v'] as const] }],
  ])('a value %s', (_what, details) => {
    const bytes = Buffer.from(sealEnvelope('key', { ...plain, ...details }))
    expect(openEnvelope('key', bytes)).toStrictEqual({ ...plain, ...details })
    const { graceMs, tags } = { ...plain, ...details }
    expect(glimpse(bytes)).toEqual({ graceMs, tags })
  })

  test('only the line, of which foreign, cut and damaged bytes have nothing', () => {
    const end = sealed.indexOf('\n') + 1
    expect(glimpse(sealed.subarray(0, end))).toEqual({ graceMs: 0.5, tags: [['t', 'v']] })
    const none = { graceMs: 0, tags: [] }
    expect(glimpse(sealed.subarray(0, end - 1))).toEqual(none)
    expect(glimpse(Buffer.from(`rawj:{}\n${' '.repeat(50)}\n`))).toEqual(none)
    const damaged = Buffer.from(sealed)
    damaged.write('x', end - 2)
    expect(glimpse(damaged)).toEqual(none)
    expect(isEnvelope(Buffer.from('rawj:{}'))).toBe(false)
  })

  test('what stands in the place of a stamp', () => {
    expect(readStamp(sealed)).toBe(stamp)
    expect(readStamp(Buffer.from('rawj:{"a":1,"b":22}  '))).toBe('b":22}  ')
    expect(readStamp(Buffer.from('rawj:1'))).toBe('')
  })

  test('a mark of no value is none', () => {
    const mark = Buffer.from(`${MARK_HEAD}${stamp} 1794890000000`)
    expect([isMark(mark), isMark(sealed)]).toEqual([true, false])
    expect(() => openEnvelope('key', mark)).toThrow('the stored value is')
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
