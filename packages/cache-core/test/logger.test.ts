import { describe, expect, test } from 'vitest'
import { assertLogger, assertName } from '../src/index.js'

describe('a logger', () => {
  test('is console, or nothing', () => {
    expect(() => assertLogger(console)).not.toThrow()
    expect(() => assertLogger(undefined)).not.toThrow()
  })

  test.each([null, 'console', 1, {}, { warn: () => undefined }, () => undefined])(
    'must have four methods: %j has not',
    (logger) => {
      expect(() => assertLogger(logger)).toThrow(
        /option logger is .*an object with the methods debug, info, warn and error/,
      )
    },
  )
})

describe('a name', () => {
  test.each([undefined, 'answers', 'a'.repeat(64), 'été'])('may be %j', (name) => {
    expect(() => assertName(name)).not.toThrow()
  })

  test.each([null, '', 1, 'a'.repeat(65), '\uD800', {}])('must not be %j', (name) => {
    expect(() => assertName(name)).toThrow(/option name is .*a text of 1 to 64 characters/)
  })
})
