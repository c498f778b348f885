import { expect, test } from 'vitest'
import { assertValue } from '../src/implement.js'
import { ValidationError } from '../src/index.js'

test('assertValue rejects undefined, because it means a miss', () => {
  expect(() => assertValue(undefined)).toThrow(ValidationError)
  expect(() => assertValue(undefined)).toThrow(
    expect.objectContaining({
      code: 'INVALID_VALUE',
      context: { argument: 'value', received: 'undefined' },
    }),
  )
})

test.each([[null], [0], [false], [''], [Number.NaN], [[undefined]], [{}], [() => {}]])(
  'assertValue accepts %o',
  (value) => {
    expect(() => assertValue(value)).not.toThrow()
  },
)
