import { format, inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { Secret, ValidationError } from '../src/index.js'

const PASSWORD = 'hunter2-canary'

describe('a secret', () => {
  const secret = new Secret(PASSWORD)

  test('returns its text from reveal', () => {
    expect(secret.reveal()).toBe(PASSWORD)
  })

  const ways: Readonly<Record<string, () => string>> = {
    'in a template': () => `a ${secret as unknown as string}`,
    'as JSON': () => JSON.stringify({ secret }),
    inspected: () => inspect({ secret }, { depth: 9, showHidden: true }),
    formatted: () => format('%s %o %O %j', secret, secret, secret, secret),
    'as an error': () => String(new Error('failed', { cause: secret })),
    'by its properties': () => Object.entries(secret).join(),
    'by a copy': () => JSON.stringify(Object.assign({}, secret)),
  }
  for (const [way, show] of Object.entries(ways)) {
    test(`does not show ${way}`, () => {
      expect(show()).not.toContain(PASSWORD)
    })
  }

  test.each([5, undefined, null, {}, ['hunter2-canary'], secret])(
    'is made of a string alone: case %#',
    (text) => {
      expect(() => new Secret(text as string)).toThrow(ValidationError)
      expect(() => new Secret(text as string)).toThrow(
        /^text must be a string; received (an? \w+|undefined|null)$/,
      )
      expect(() => new Secret(text as string)).not.toThrow(/5|hunter2/)
    },
  )

  test('shows that it is a secret', () => {
    expect(String(secret)).toBe('[secret]')
    expect(JSON.stringify([secret])).toBe('["[secret]"]')
  })
})
