import { format, inspect } from 'node:util'
import { ConfigurationError, Secret, SecurityError, ValidationError } from '@verbatim/cache-core'
import { describe, expect, test } from 'vitest'
import { KeyRing, SEALED_OVERHEAD } from '../../src/index.js'

const ID = '0a1b2c3d'
const KEY = 'A'.repeat(43)
const enabled = { id: ID, state: 'enabled', key: KEY }

function textOf(primary: unknown, ...keys: unknown[]): string {
  return JSON.stringify({ primary, keys })
}

/** Returns the code of the error of a function. */
function codeOf(action: () => unknown): string {
  try {
    action()
  } catch (error) {
    return (error as { code: string }).code
  }
  return 'no error'
}

describe('a key ring', () => {
  test.each(['', 'text', 'ÄÖ 言葉', 'x'.repeat(1_000_000)])('opens what it sealed', (text) => {
    const keys = KeyRing.generate()
    const sealed = keys.seal(text, 'purpose')
    expect(sealed.length).toBe(Buffer.byteLength(text) + SEALED_OVERHEAD)
    expect(keys.open(sealed, 'purpose').toString()).toBe(text)
    expect(keys.open(new Uint8Array(sealed), Buffer.from('purpose')).toString()).toBe(text)
  })

  test('seals the same text differently each time', () => {
    const keys = KeyRing.generate()
    expect(keys.seal('text', '').equals(keys.seal('text', ''))).toBe(false)
  })

  test('does not open data for another purpose, of another ring, or that has changed', () => {
    const keys = KeyRing.generate()
    const sealed = keys.seal('text', 'purpose')
    expect(codeOf(() => keys.open(sealed, 'another'))).toBe('NOT_AUTHENTIC')
    expect(codeOf(() => KeyRing.generate().open(sealed, 'purpose'))).toBe('UNKNOWN_KEY')
    expect(codeOf(() => keys.open(sealed.subarray(0, -1), 'purpose'))).toBe('NOT_AUTHENTIC')
    expect(codeOf(() => keys.open(new Uint8Array(3), 'purpose'))).toBe('NOT_AUTHENTIC')
    expect(() => keys.open(sealed, 'another')).toThrow(SecurityError)
  })

  test('with another key of the same id does not open data', () => {
    const one = KeyRing.parse(textOf(ID, enabled))
    const other = KeyRing.parse(textOf(ID, { ...enabled, key: `${'B'.repeat(42)}A` }))
    expect(codeOf(() => other.open(one.seal('text', ''), ''))).toBe('NOT_AUTHENTIC')
  })

  test('is the same ring after an export', () => {
    const keys = KeyRing.generate().add()
    const read = KeyRing.parse(keys.export())
    expect(read.keys).toEqual(keys.keys)
    expect(read.open(keys.seal('text', ''), '').toString()).toBe('text')
    expect(KeyRing.parse(keys.export().reveal()).primaryId).toBe(keys.primaryId)
  })

  test('shows no secret', () => {
    const keys = KeyRing.generate()
    const { key } = JSON.parse(keys.export().reveal()).keys[0] as { key: string }
    const hex = Buffer.from(key, 'base64url').toString('hex')
    const shown = [
      inspect(keys, { depth: 9, showHidden: true }),
      format('%s %o %O %j', keys, keys, keys, keys),
      JSON.stringify([keys, keys.keys, keys.export()]),
      String(new Error('failed', { cause: keys }).cause),
    ].join('')
    for (const secret of [key, hex, hex.match(/../g)?.join(' ') ?? hex]) {
      expect(shown).not.toContain(secret)
    }
  })
})

describe('the rotation of keys', () => {
  const first = KeyRing.generate()
  const second = first.add()
  const added = second.keys.at(-1)?.id ?? ''
  const third = second.promote(added)
  const sealed = first.seal('text', '')

  test('opens old data with new rings, and new data with the ring before the promotion', () => {
    for (const ring of [first, second, third]) expect(ring.open(sealed, '').toString()).toBe('text')
    expect(second.open(third.seal('new', ''), '').toString()).toBe('new')
    expect(third.keys).toEqual([
      { id: first.primaryId, state: 'enabled', isPrimary: false },
      { id: added, state: 'enabled', isPrimary: true },
    ])
  })

  test('a disabled key opens nothing until it is enabled', () => {
    const disabled = third.disable(first.primaryId)
    expect(() => disabled.open(sealed, '')).toThrow(`no enabled key ${first.primaryId} (disabled)`)
    expect(disabled.enable(first.primaryId).open(sealed, '').toString()).toBe('text')
  })

  test('a destroyed key is gone, also from the export', () => {
    const destroyed = third.destroy(first.primaryId)
    expect(() => destroyed.open(sealed, '')).toThrow('(destroyed)')
    expect(codeOf(() => destroyed.enable(first.primaryId))).toBe('INVALID_ARGUMENT')
    const { keys } = JSON.parse(destroyed.export().reveal()) as { keys: object[] }
    expect(keys[0]).toEqual({ id: first.primaryId, state: 'destroyed' })
    expect(KeyRing.parse(destroyed.export()).keys).toEqual(destroyed.keys)
  })

  test.each(['disable', 'destroy'] as const)('rejects to %s the primary key', (method) => {
    expect(() => third[method](added)).toThrow(ValidationError)
  })

  test('rejects unknown ids, and a primary key that is not enabled', () => {
    expect(codeOf(() => third.promote('ffffffff'))).toBe('INVALID_ARGUMENT')
    const disabled = third.disable(first.primaryId)
    expect(codeOf(() => disabled.promote(first.primaryId))).toBe('INVALID_ARGUMENT')
  })
})

describe('the text of a key ring', () => {
  test.each([
    ['not JSON', `{${KEY}`, 'the key ring must be JSON'],
    ['not text', 5, 'the key ring must be text'],
    ['too long', KEY.repeat(10_000), '430000 characters'],
    ['a list', '[]', 'the key ring must be an object'],
    ['an unknown field', '{"primary":"","keys":[],"x":1}', 'received an unknown field'],
    ['no keys', textOf(ID), 'keys must be a list of 1 to 100 keys'],
    ['an id that is not one', textOf(ID, { ...enabled, id: 'X' }), 'keys[0].id must be eight'],
    ['another state', textOf(ID, { ...enabled, state: 'on' }), 'keys[0].state must be one of'],
    ['a short key', textOf(ID, { ...enabled, key: 'A'.repeat(42) }), 'keys[0].key must be 32'],
    ['unused bits', textOf(ID, { ...enabled, key: `${'A'.repeat(42)}B` }), 'keys[0].key must be'],
    ['no key', textOf(ID, { id: ID, state: 'enabled' }), 'received nothing'],
    ['a destroyed key', textOf(ID, { ...enabled, state: 'destroyed' }), 'must be left out'],
    ['an id twice', textOf(ID, enabled, { ...enabled, key: `B${KEY.slice(1)}` }), 'an id twice'],
    ['a key twice', textOf(ID, enabled, { ...enabled, id: 'ffffffff' }), 'a key twice'],
    ['an unknown primary', textOf('ffffffff', enabled), 'primary must be'],
    ['a disabled primary', textOf(ID, { ...enabled, state: 'disabled' }), 'primary must be'],
  ])('with %s is rejected', (_case, text, message) => {
    const parse = (): KeyRing => KeyRing.parse(text as string)
    expect(parse).toThrow(ConfigurationError)
    expect(parse).toThrow(message)
    expect(codeOf(parse)).toBe('INVALID_KEY_RING')
    expect(parse).toThrow(new RegExp(`^((?!${'A'.repeat(20)}).)*$`, 's'))
  })

  test('is accepted as a secret', () => {
    expect(KeyRing.parse(new Secret(textOf(ID, enabled))).primaryId).toBe(ID)
  })
})
