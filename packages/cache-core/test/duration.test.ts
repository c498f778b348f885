import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fromMilliseconds, toMilliseconds } from '../src/implement.js'
import { ValidationError } from '../src/index.js'

const HUNDRED_YEARS = 100 * 365 * 86_400_000

describe('toMilliseconds', () => {
  test.each([
    [1, 1_000],
    [0.5, 500],
    [3_600, 3_600_000],
    [0.001, 1],
    [0.0015, 2],
    [0.29, 290],
    [HUNDRED_YEARS / 1_000, HUNDRED_YEARS],
    ['1ms', 1],
    ['500ms', 500],
    ['1.4ms', 1],
    ['30s', 30_000],
    ['1.5s', 1_500],
    ['0.001s', 1],
    ['5m', 300_000],
    ['0.5m', 30_000],
    ['2h', 7_200_000],
    ['0.25h', 900_000],
    ['1d', 86_400_000],
    ['1.5d', 129_600_000],
    ['007s', 7_000],
    ['36500d', HUNDRED_YEARS],
    [null, Number.POSITIVE_INFINITY],
  ])('converts %o to %d ms', (ttl, milliseconds) => {
    expect(toMilliseconds(ttl)).toBe(milliseconds)
  })

  test.each([
    [0, '0'],
    [-0, '0'],
    [-1, '-1'],
    [0.0004, '0.0004'],
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
    [Number.NEGATIVE_INFINITY, '-Infinity'],
    [HUNDRED_YEARS / 1_000 + 0.001, '3153600000.001'],
    [Number.MAX_VALUE, '1.7976931348623157e+308'],
    ['0s', '"0s"'],
    ['0.4ms', '"0.4ms"'],
    ['36500.1d', '"36500.1d"'],
    [`${'9'.repeat(400)}s`, 'a string'],
    ['', 'an empty string'],
    ['5', '"5"'],
    ['s', 'a string'],
    ['5 s', '"5 s"'],
    [' 5s', 'a string'],
    ['5s\n', 'a string'],
    ['5S', '"5S"'],
    ['-5s', '"-5s"'],
    ['+5s', '"+5s"'],
    ['.5s', '".5s"'],
    ['5.s', '"5.s"'],
    ['1e3s', 'a string'],
    ['0x10s', 'a string'],
    ['5w', '"5w"'],
    ['5sec', '"5sec"'],
    ['5s5s', 'a string'],
    ['Infinitys', 'a string'],
    ['٥s', 'a string'],
    // A text that does not look like a duration may be a secret.
    ['hunter2', 'a string'],
    [undefined, 'undefined'],
    [true, 'a boolean'],
    [5n, 'a bigint'],
    [[5], 'an array'],
    [{ seconds: 5 }, 'an object'],
    [new Date(), 'an object'],
    [Symbol('5s'), 'a symbol'],
  ])('rejects %o', (ttl, shown) => {
    const refusal = refusalOf(() => toMilliseconds(ttl))
    expect(refusal).toMatchObject({
      code: 'INVALID_TTL',
      context: { argument: 'ttl', received: shown },
    })
    expect(refusal.message).toMatch(/^ttl must be seconds as a number, /)
    expect(refusal.message).toContain(`; received ${shown}`)
    expect(refusal.message).toContain('from 1 ms to 100 years')
  })

  test('has the name of the argument in the message', () => {
    expect(refusalOf(() => toMilliseconds(0, 'defaultTtl'))).toMatchObject({
      message: expect.stringMatching(/^defaultTtl must be seconds .*; received 0$/),
      context: { argument: 'defaultTtl', received: '0' },
    })
  })

  test('returns the same for a number and for a text, to the millisecond', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: HUNDRED_YEARS }), (milliseconds) => {
        expect(toMilliseconds(milliseconds / 1_000)).toBe(milliseconds)
        expect(toMilliseconds(`${milliseconds}ms`)).toBe(milliseconds)
      }),
    )
  })

  test('returns whole milliseconds or throws a ValidationError for any input', () => {
    fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.double(), fc.string()), (ttl) => {
        let outcome: unknown
        try {
          outcome = toMilliseconds(ttl)
        } catch (error) {
          outcome = error
        }
        const isDuration = Number.isInteger(outcome) && (outcome as number) >= 1
        const isRefusal = outcome instanceof ValidationError
        expect(ttl === null ? outcome === Number.POSITIVE_INFINITY : isDuration || isRefusal).toBe(
          true,
        )
      }),
    )
  })
})

function refusalOf(call: () => unknown): ValidationError {
  try {
    call()
  } catch (error) {
    if (error instanceof ValidationError) return error
    throw error
  }
  return expect.unreachable('the duration was accepted')
}

test('fromMilliseconds is the reverse of toMilliseconds', () => {
  expect(fromMilliseconds(Number.POSITIVE_INFINITY)).toBeNull()
  for (const milliseconds of [1, 1_500, HUNDRED_YEARS, Number.POSITIVE_INFINITY]) {
    expect(toMilliseconds(fromMilliseconds(milliseconds))).toBe(milliseconds)
  }
})
