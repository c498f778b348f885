import { describe, expect, test } from 'vitest'
import { assertLogger, assertName } from '../src/implement.js'
import { ConfigurationError } from '../src/index.js'

describe('a logger', () => {
  test('can be console or undefined', () => {
    expect(() => assertLogger(console)).not.toThrow()
    expect(() => assertLogger(undefined)).not.toThrow()
  })

  test.each([null, 'console', 1, {}, { warn: () => undefined }, () => undefined])(
    'must have four methods: %j has not',
    (logger) => {
      expect(() => assertLogger(logger)).toThrow(
        /^logger must be an object with the methods debug, info, warn and error; received /,
      )
    },
  )

  test('is rejected with the name of a method that cannot be read', () => {
    const logger = {
      debug: () => undefined,
      info: () => undefined,
      get warn(): never {
        throw new TypeError('s3cret')
      },
      error: () => undefined,
    }
    expect(() => assertLogger(logger)).toThrow(ConfigurationError)
    expect(() => assertLogger(logger)).toThrow('whose method warn cannot be read')
    expect(() => assertLogger(logger)).not.toThrow('s3cret')
  })
})

describe('a name', () => {
  test.each([undefined, 'answers', 'a'.repeat(64), 'été'])('can be %j', (name) => {
    expect(() => assertName(name)).not.toThrow()
  })

  test.each([
    ...[' ', '\u00A0\t', 'a\nERROR b', 'a\u001B[31m', 'a\u009B31m'],
    ...['a\u2028b', 'a\u202Eb', 'a\u007F'],
  ])('must not be %j, which could change the look of a log line', (name) => {
    expect(() => assertName(name)).toThrow(ConfigurationError)
    expect(() => assertName(name)).toThrow('without control characters')
  })

  test.each([null, '', 1, 'a'.repeat(65), '\uD800', {}])('must not be %j', (name) => {
    expect(() => assertName(name)).toThrow(/^name must be a text of 1 to 64 characters/)
  })
})
