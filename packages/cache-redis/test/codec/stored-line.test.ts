import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { toBuffer } from '../../src/codec/body.js'
import { Owner, Place } from '../../src/codec/place.js'
import {
  classify,
  leaseHead,
  openLine,
  readHead,
  readLease,
  readRecord,
  readRevision,
  recordHead,
  sealLine,
  type TagVersion,
  USUAL_HEAD_LENGTH,
} from '../../src/codec/stored-line.js'

const revision = 'kPz0tqk2GbJv100000'
const content = Buffer.from('"verbatim"')
const body = { content, length: content.length, compressed: false, decodedLength: 10 }
const plain = {
  ...{ revision, graceMs: 0.5, loadMs: 258, freshUntil: 1_794_890_000_000, body },
  ...{ tags: [['t', 'v']] as readonly TagVersion[], generation: '3.x8Kq02aB' },
}
const place = placeOf('app:', 'key')
const words = `=${revision} 1794890000000 0.5 258 10 3.x8Kq02aB [["t","v"]]\n`
const sealed = Buffer.from(sealLine(place, plain))

function placeOf(prefix: string, key: string, database = 0): Place {
  return new Place(new Owner(prefix, database), key)
}

describe('a stored line', () => {
  test('has this layout, to the byte', () => {
    expect(sealed.toString()).toMatch(
      new RegExp(
        `^V2 [\\w-]{11}[0-9a-f]{8} [0-9a-f]{8} ${words.replaceAll(/[[\].]/g, '\\$&')}"verbatim"$`,
      ),
    )
    expect(sealed.toString()).toBe(
      `V2 ${place.text} ${sealed.toString('latin1', 23, 31)} ${words}"verbatim"`,
    )
  })

  test('is the same for text as for its bytes', () => {
    const text = { ...body, content: '"verbatim"' }
    expect(sealLine(place, { ...plain, body: text })).toBe(sealed.toString())
  })

  test('is never longer than usual, but for tags', () => {
    const numbers = { freshUntil: 2 ** 53, graceMs: 2 ** 53 - 0.5, loadMs: 1e15 / 3 }
    const generation = `${2 ** 32}.${'x'.repeat(8)}`
    const longest = { ...plain, ...numbers, tags: [], generation }
    const line = sealLine(place, { ...longest, body: { ...body, decodedLength: 2 ** 32 } })
    expect(line.indexOf('\n')).toBeLessThan(USUAL_HEAD_LENGTH)
  })

  test.each([
    ['never expires', { freshUntil: Number.POSITIVE_INFINITY }],
    ['has an endless grace period', { graceMs: Number.POSITIVE_INFINITY }],
    ['took months to load', { loadMs: 1e10 }],
    ['is compressed', { body: { ...body, compressed: true } }],
    ['has a tag of any letters', { tags: [['a b\n c "d" 同じ', 'v'] as const] }],
    ['has no tags', { tags: [] }],
  ])('brings back a value that %s', (_what, details) => {
    const bytes = Buffer.from(sealLine(place, { ...plain, ...details }))
    const { encryptedFor, ...line } = openLine(place, bytes)
    expect(line).toStrictEqual({ ...plain, ...details })
    expect(encryptedFor).toBeUndefined()
    const { graceMs, tags, generation } = { ...plain, ...details }
    expect(readHead(place, bytes)).toEqual({ graceMs, tags, generation })
  })

  test.each([
    ['e', false],
    ['c', true],
  ])('of kind %s has a body that is encrypted for its words', (kind, compressed) => {
    const line = { ...plain, body: { ...body, compressed } }
    const encrypt = (covered: string): Buffer => Buffer.from(`for ${covered}`)
    const read = openLine(place, Buffer.from(sealLine(place, line, encrypt)))
    const covered = read.encryptedFor?.toString()
    expect(read.body.compressed).toBe(compressed)
    expect(covered?.startsWith(`${kind}${revision} `)).toBe(true)
    expect(toBuffer(read.body.content).toString()).toBe(`for ${covered}`)
  })

  test('tells what it says about its value without the body', () => {
    const end = sealed.indexOf('\n') + 1
    const head = { graceMs: 0.5, tags: [['t', 'v']], generation: '3.x8Kq02aB' }
    expect(readHead(place, sealed.subarray(0, end))).toEqual(head)
    expect(readHead(place, sealed.subarray(0, end - 1))).toBeUndefined()
    expect(readRevision(sealed)).toBe(revision)
  })
})

describe('the owner of a line', () => {
  test.each([
    ['another key', placeOf('app:', 'other')],
    ['another prefix', placeOf('shop:', 'key')],
    ['another database', placeOf('app:', 'key', 1)],
    ['the same name under a shorter prefix', placeOf('ap', 'p:key')],
    ['the same name under a longer prefix', placeOf('app:k', 'ey')],
  ])('is not that of %s', (_what, another) => {
    expect(classify(place, sealed)).toBe('value')
    expect(classify(another, sealed)).toBe('other_place')
    expect(readHead(another, sealed)).toBeUndefined()
    expect(() => openLine(another, sealed)).toThrow('damaged')
  })

  test.each([
    ['V1 6c36d344 =kPz0tqk2GbJv100000 1794890000000 0 0 13\n{}', 'other_format'],
    [`V3${sealed.toString('latin1').slice(2)}`, 'other_format'],
    [sealed.toString('latin1').replace(' =', ' @'), 'other_format'],
    [sealed.toString('latin1').slice(0, 40), 'other_format'],
    ['V2 ', 'other_place'],
    ['rawj:{}', 'python'],
    ['{"uid":7}', 'foreign'],
    ['', 'foreign'],
  ])('%j is %s', (text, kind) => {
    expect(classify(place, Buffer.from(text, 'latin1'))).toBe(kind)
  })

  test('a lease is one of this place only', () => {
    const lease = Buffer.from(`${leaseHead(place.text)}${revision} 1794890000000`)
    expect(classify(place, lease)).toBe('lease')
    expect(readLease(lease)).toEqual({ revision, leasedUntil: 1_794_890_000_000 })
    expect(classify(placeOf('app:', 'other'), lease)).toBe('other_place')
  })

  test('a record is read only in its place and in its form', () => {
    const line = `${recordHead(place.text, '#')}1.a_b`
    expect(readRecord(place.text, '#', line)).toBe('1.a_b')
    expect(readRecord(place.text, '!', line)).toBeUndefined()
    expect(readRecord(placeOf('app:', 'other').text, '#', line)).toBeUndefined()
    for (const text of [null, '', 'kPz0tqk2GbJv100000', `${line} x`, recordHead(place.text, '#')]) {
      expect(readRecord(place.text, '#', text)).toBeUndefined()
    }
  })
})

/** Returns whether bytes are read as an intact value of this place. */
function isRead(bytes: Buffer): boolean {
  try {
    return classify(place, bytes) === 'value' && openLine(place, bytes) !== undefined
  } catch {
    return false
  }
}

describe('damage', () => {
  test('of one to three bits is noticed, or the line has no owner', () => {
    const bits = fc.uniqueArray(fc.nat({ max: sealed.length * 8 - 1 }), {
      minLength: 1,
      maxLength: 3,
    })
    fc.assert(
      fc.property(bits, (flipped) => {
        const damaged = Buffer.from(sealed)
        for (const bit of flipped) {
          damaged.writeUInt8(damaged.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
        }
        expect(isRead(damaged)).toBe(false)
      }),
      { numRuns: 20_000 },
    )
  })

  test('by every cut is noticed, or the line has no owner', () => {
    for (let length = 0; length < sealed.length; length++) {
      expect(isRead(sealed.subarray(0, length))).toBe(false)
    }
  })
})
