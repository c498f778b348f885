import fc from 'fast-check'
import { expect, test } from 'vitest'
import { describeResponse } from '../src/stored-response.js'

const STORED = { operation: 'qa', textTier: 'small', response: 'yes' } as const
const LATEST_DATE_MS = 8.64e15

function timeShownFor(storedAt: number): string | undefined {
  const origin = { tier: 'redis', tookMs: 0 } as const
  return describeResponse('key', 'yes', { ...STORED, storedAt }, origin, storedAt).cached.at
}

const DAY = fc.integer({ min: 0, max: 86_400_000 }).map((ms) => 1_795_000_000_000 + ms)
const ANY_DATE = fc.double({ min: 0, max: LATEST_DATE_MS, noNaN: true })

test('the time of a stored response is its ISO text, on any day and on days in turns', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(DAY, ANY_DATE), { minLength: 1 }), (times) => {
      for (const time of times) expect(timeShownFor(time)).toBe(new Date(time).toISOString())
    }),
    { numRuns: 500 },
  )
})

test.each([
  [0, '1970-01-01T00:00:00.000Z'],
  [86_399_999, '1970-01-01T23:59:59.999Z'],
  [86_400_000.9, '1970-01-02T00:00:00.000Z'],
  [951_827_696_789, '2000-02-29T12:34:56.789Z'],
  [LATEST_DATE_MS, '+275760-09-13T00:00:00.000Z'],
])('the response stored at %d has the time %s', (storedAt, shown) => {
  expect(timeShownFor(storedAt)).toBe(shown)
})
