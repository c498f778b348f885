import { describe, expect, test } from 'vitest'
import { describeType } from '../src/implement.js'
import {
  CacheError,
  ConfigurationError,
  InfrastructureError,
  SecurityError,
  SerializationError,
  ValidationError,
} from '../src/index.js'

const CODES = [
  [CacheError, 'CACHE_ERROR'],
  [ValidationError, 'INVALID_ARGUMENT'],
  [ConfigurationError, 'INVALID_CONFIGURATION'],
  [InfrastructureError, 'BACKEND_UNAVAILABLE'],
  [SerializationError, 'SERIALIZATION_FAILED'],
  [SecurityError, 'SECURITY_REFUSED'],
] as const

describe('errors', () => {
  for (const [Kind, code] of CODES) {
    test(`a ${Kind.name} is a CacheError with the code ${code}`, () => {
      const error = new Kind('what happened')
      expect(error).toBeInstanceOf(CacheError)
      expect(error).toBeInstanceOf(Error)
      expect(error).toMatchObject({ name: Kind.name, message: 'what happened', code, context: {} })
      expect('cause' in error).toBe(false)
      expect(error.stack).toContain('what happened')
    })

    test(`a ${Kind.name} has the given code, context and cause`, () => {
      const cause = new Error('the reason')
      const error = new Kind('what happened', { code: 'OWN_CODE', context: { port: 1 }, cause })
      expect(error).toMatchObject({ code: 'OWN_CODE', context: { port: 1 }, cause })
    })
  }

  test('an error of a subclass has the name of the subclass', () => {
    class QuotaError extends InfrastructureError {}
    expect(new QuotaError('full').name).toBe('QuotaError')
  })
})

test.each([
  [null, 'null'],
  [undefined, 'undefined'],
  [[], 'an array'],
  [{}, 'an object'],
  [new Date(), 'an object'],
  ['text', 'a string'],
  [1, 'a number'],
  [1n, 'a bigint'],
  [true, 'a boolean'],
  [Symbol('name'), 'a symbol'],
  [() => {}, 'a function'],
])('describeType returns the type of %o', (value, name) => {
  expect(describeType(value)).toBe(name)
})
