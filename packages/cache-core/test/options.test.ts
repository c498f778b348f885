import { describe, expect, test } from 'vitest'
import { choiceOption, integerOption, invalidOption } from '../src/implement.js'
import { ConfigurationError } from '../src/index.js'

describe('integerOption', () => {
  const range = { min: 1, max: 10 }

  test.each([1, 5, 10])('accepts %d', (value) => {
    expect(integerOption('size', value, range)).toBe(value)
  })

  test.each([
    [0, '0'],
    [11, '11'],
    [1.5, '1.5'],
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
    ['5', 'a string'],
    [5n, 'a bigint'],
    [null, 'null'],
    [undefined, 'undefined'],
    [[5], 'an array'],
  ])('%o is refused', (value, shown) => {
    expect(() => integerOption('size', value, range)).toThrow(
      expect.objectContaining({
        name: 'ConfigurationError',
        code: 'INVALID_OPTION',
        message: `size must be an integer from 1 to 10; received ${shown}`,
        context: { option: 'size', received: shown },
      }),
    )
  })
})

describe('choiceOption', () => {
  const colours = ['red', 'green'] as const

  test('accepts one of the words', () => {
    expect(choiceOption('colour', 'green', colours)).toBe('green')
  })

  test.each([['blue'], ['Red'], [''], [undefined], [['red']]])('%o is refused', (value) => {
    expect(() => choiceOption('colour', value, colours)).toThrow(ConfigurationError)
    expect(() => choiceOption('colour', value, colours)).toThrow(
      "colour must be one of 'red', 'green'; received",
    )
  })
})

test('invalidOption does not show a text, which may be a secret', () => {
  const error = invalidOption('password', 'a secret', 'hunter2')
  expect(JSON.stringify([error.message, error.context])).not.toContain('hunter2')
})
