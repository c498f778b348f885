import vm from 'node:vm'
import { describe, expect, test } from 'vitest'
import { assertKnownFields, nearestName } from '../src/implement.js'
import { ConfigurationError, ValidationError } from '../src/index.js'

const KNOWN = new Set(['maxSize', 'defaultTtl', 'isolation'])

function errorOf(options: unknown): unknown {
  try {
    assertKnownFields(options, KNOWN, 'options', ConfigurationError, 'INVALID_OPTION')
  } catch (error) {
    return error
  }
  return expect.unreachable('the options are accepted')
}

describe('assertKnownFields', () => {
  test.each([
    {},
    { maxSize: 1 },
    Object.create(null) as object,
    vm.runInNewContext('({ maxSize: 1 })') as object,
  ])('accepts a plain object with known fields', (options) => {
    expect(() => assertKnownFields(options, KNOWN, 'options')).not.toThrow()
  })

  test.each([undefined, null, 'text', 5, [], new Map(), new Date(), () => 1])(
    'rejects %s, which is not a plain object',
    (options) => {
      expect(errorOf(options)).toMatchObject({
        message: expect.stringMatching(/^options must be a plain object; received /),
        code: 'INVALID_OPTION',
      })
    },
  )

  test('names an unknown field and suggests the nearest known one', () => {
    for (const field of ['maxsize', 'max_size', 'maxSiez', 'MAX-SIZE']) {
      const error = errorOf({ [field]: 'hunter2' })
      expect(error).toBeInstanceOf(ConfigurationError)
      expect(String(error)).toContain(`unknown field ${field}. Did you mean maxSize?`)
      expect(String(error)).not.toContain('hunter2')
    }
  })

  test('suggests nothing for a name that is similar to none', () => {
    expect(String(errorOf({ redisUrl: 1 }))).toContain(
      'unknown field redisUrl. Known fields: maxSize, defaultTtl, isolation',
    )
  })

  test('shows only the beginning of a long name, and escapes control characters', () => {
    expect(String(errorOf({ ['x'.repeat(10_000)]: 1 })).length).toBeLessThan(200)
    expect(String(errorOf({ 'a\nb': 1 }))).toContain('"a\\nb"')
  })

  test('rejects an unknown field that is undefined too', () => {
    expect(errorOf({ colour: undefined })).toMatchObject({ context: { field: 'colour' } })
  })

  test('rejects a symbol as a field, and shows its description', () => {
    expect(String(errorOf({ [Symbol('max_size')]: 'hunter2' }))).toContain(
      'unknown field Symbol(max_size). Did you mean maxSize?',
    )
    expect(errorOf({ maxSize: 1, [Symbol('a\nb')]: 1 })).toMatchObject({
      context: { field: 'Symbol("a\\nb")' },
    })
    expect(String(errorOf({ [Symbol()]: 1 }))).toContain('unknown field Symbol(). Known fields')
  })

  test('accepts a symbol that is not enumerable', () => {
    const options = Object.defineProperty({ maxSize: 1 }, Symbol('mark'), { value: 1 })
    expect(() => assertKnownFields(options, KNOWN, 'options')).not.toThrow()
  })

  test('throws a ValidationError by default', () => {
    expect(() => assertKnownFields({ a: 1 }, KNOWN, 'options')).toThrow(ValidationError)
  })
})

test('nearestName returns undefined if no name is similar', () => {
  expect(nearestName('zzz', ['maxSize', 'isolation'])).toBeUndefined()
})
