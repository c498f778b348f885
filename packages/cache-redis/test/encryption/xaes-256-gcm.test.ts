import { createHash, createSecretKey } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { KEY_BYTES, NONCE_BYTES, Nonces, Xaes256Gcm } from '../../src/encryption/xaes-256-gcm.js'

function cipherOf(key: Uint8Array): Xaes256Gcm {
  return new Xaes256Gcm(createSecretKey(key))
}

describe('XAES-256-GCM', () => {
  // The published vectors: https://c2sp.org/XAES-256-GCM. Between them they derive both kinds of subkeys.
  test.each([
    [0x01, '', 'ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271'],
    [0x03, 'c2sp.org/XAES-256-GCM', '986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d'],
  ])('agrees with the published vector of the key %i', (byte, associatedData, expected) => {
    const cipher = cipherOf(Buffer.alloc(KEY_BYTES, byte))
    const nonce = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWX')
    const data = Buffer.from(associatedData)
    const encrypted = Buffer.concat(cipher.encrypt(nonce, 'XAES-256-GCM', data))
    expect(encrypted.toString('hex')).toBe(expected)
    expect(cipher.decrypt(nonce, encrypted, data)?.toString()).toBe('XAES-256-GCM')
  })

  const rounds = Number(process.env['XAES_ROUNDS'] ?? 10_000)
  test('agrees with the published digest of many random messages', () => {
    const published: Readonly<Record<number, string>> = {
      10_000: 'e6b9edf2df6cec60c8cbd864e2211b597fb69a529160cd040d56c0c210081939',
      1_000_000: '2163ae1445985a30b60585ee67daa55674df06901b890593e824b8a7c885ab15',
    }
    const digest = createHash('shake128', { outputLength: 32 })
    const longest = KEY_BYTES + NONCE_BYTES + 2 * 256
    const random = createHash('shake128', { outputLength: rounds * longest }).digest()
    let at = 0
    const read = (length: number): Buffer => random.subarray(at, (at += length))
    for (let round = 0; round < rounds; round++) {
      const cipher = cipherOf(read(KEY_BYTES))
      const nonce = read(NONCE_BYTES)
      const plaintext = read(read(1)[0] as number)
      const associatedData = read(read(1)[0] as number)
      const encrypted = Buffer.concat(cipher.encrypt(nonce, plaintext, associatedData))
      if (cipher.decrypt(nonce, encrypted, associatedData)?.equals(plaintext) !== true) {
        throw new Error(`message ${round} was not decrypted`)
      }
      digest.update(encrypted)
    }
    expect(digest.digest('hex')).toBe(published[rounds])
  })

  test('makes nonces that do not repeat, with few first halves', () => {
    const nonces = new Nonces()
    const all = Array.from({ length: 200_000 }, () => nonces.next().toString('hex'))
    expect(new Set(all).size).toBe(200_000)
    expect(new Set(all.map((nonce) => nonce.slice(24))).size).toBe(200_000)
    const halves = all.map((nonce) => nonce.slice(0, 24))
    // Each half serves 65,536 messages.
    expect(new Set(halves).size).toBe(4)
    expect(halves.lastIndexOf(halves[0] as string)).toBe(65_535)
  })

  test('decrypts what it encrypted with more first halves than it remembers', () => {
    const cipher = cipherOf(Buffer.alloc(KEY_BYTES, 7))
    const sealed = Array.from({ length: 2_500 }, (_, index) => {
      const nonce = Buffer.alloc(NONCE_BYTES)
      nonce.writeUInt32BE(index)
      const data = Buffer.from(`message ${index}`)
      return { nonce, data, encrypted: Buffer.concat(cipher.encrypt(nonce, data, data)) }
    })
    for (const { nonce, data, encrypted } of [...sealed, ...sealed.toReversed()]) {
      expect(cipher.decrypt(nonce, encrypted, data)).toEqual(data)
      const other = cipherOf(Buffer.alloc(KEY_BYTES, 8))
      expect(other.decrypt(nonce, encrypted, data)).toBeUndefined()
    }
  })
})
