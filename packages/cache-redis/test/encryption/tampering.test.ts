import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { toHex } from '../../src/codec/place.js'
import { KIND_OFFSET } from '../../src/codec/stored-line.js'
import type { Decoded } from '../../src/codec/value-codec.js'
import { ValueEncryption } from '../../src/encryption/value-encryption.js'
import { KeyRing } from '../../src/index.js'
import { codecWith, DETAILS, NO_THREADS, placeOf } from '../codec/codec-fixtures.js'

const ROUNDS = Number(process.env['TAMPER_ROUNDS'] ?? 20_000)

const keys = KeyRing.generate()
const codec = codecWith(NO_THREADS, { encryption: new ValueEncryption({ keys, compress: true }) })

/** Returns the bytes with a right checksum, as an attacker would write them. */
function withChecksum(key: string, bytes: Buffer): Buffer {
  const checksum = toHex(crc32(bytes.subarray(KIND_OFFSET), placeOf(key).seed))
  return Buffer.concat([
    Buffer.from(`V2 ${placeOf(key).text} ${checksum} `),
    bytes.subarray(KIND_OFFSET),
  ])
}

function change(bytes: Buffer, other: Buffer, [kind, at, bit]: readonly number[]): Buffer {
  const offset = KIND_OFFSET + ((at as number) % (bytes.length - KIND_OFFSET))
  const changed = Buffer.from(bytes)
  if (kind === 0) changed[offset] = (changed[offset] as number) ^ (1 << (bit as number))
  if (kind === 1) return changed.subarray(0, offset)
  // The end of another value of the same key.
  if (kind === 2) return Buffer.concat([changed.subarray(0, offset), other.subarray(offset)])
  // The whole value of another key.
  return kind === 3 ? other : changed
}

test(`accepts none of ${ROUNDS} flips, truncations and swaps with right checksums`, async () => {
  const value = { answer: 'forty-two', list: [1, 2, 3], text: 'verbatim '.repeat(20) }
  const bytes = await codec.encode('key', value, DETAILS)
  const later = await codec.encode('key', { ...value, answer: 'forty-one' }, DETAILS)
  const elsewhere = await codec.encode('other', value, DETAILS)
  expect((await codec.decode('key', withChecksum('key', bytes))).value).toEqual(value)

  const reasons: Record<string, number> = {}
  const accepted: unknown[] = []
  await fc.assert(
    fc.asyncProperty(fc.nat(3), fc.nat(), fc.nat(7), async (kind, at, bit) => {
      const changed = change(bytes, kind === 3 ? elsewhere : later, [kind, at, bit])
      const words = changed.subarray(KIND_OFFSET)
      const isGenuine = [bytes, later].some((each) => each.subarray(KIND_OFFSET).equals(words))
      if (isGenuine) return
      const outcome = await codec
        .decode('key', withChecksum('key', changed))
        .catch(({ message }: Error) => message)
      if (typeof outcome === 'string') reasons[outcome] = (reasons[outcome] ?? 0) + 1
      else accepted.push((outcome satisfies Decoded).value)
    }),
    { numRuns: ROUNDS },
  )
  expect(accepted).toEqual([])
  expect(reasons['unreadable: not_authentic']).toBeGreaterThan(ROUNDS / 2)
})
