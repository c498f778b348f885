import fc from 'fast-check'
import { expect, test } from 'vitest'
import { withFakeTimers } from './fake-timers.js'
import { type CallEvent, type Event, OneKey } from './one-key.js'

withFakeTimers()

test('random events in any order violate no condition', async () => {
  const events = fc.array(EVENT, { maxLength: 60, size: 'max' })
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(undefined, 12), events, async (hardTimeoutMs, happening) => {
      const key = new OneKey(hardTimeoutMs)
      for (const event of happening) expect(await key.after(event)).toEqual([])
      expect(await key.atTheEnd()).toEqual([])
    }),
    { numRuns: 500 },
  )
})

const MAYBE_MS = fc.constantFrom(undefined, 5, 20, 40)
const PLACE = fc.nat({ max: 5 })
const EVENT: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record<CallEvent>({
      what: fc.constant('call'),
      staleWhileRevalidateMs: MAYBE_MS,
      staleIfErrorMs: MAYBE_MS,
      softTimeoutMs: MAYBE_MS,
      earlyRefresh: fc.constantFrom(undefined, 1),
      hasSignal: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      what: fc.constant('end' as const),
      place: PLACE,
      how: fc.constantFrom('answer' as const, 'answer' as const, 'skip' as const, 'fail' as const),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      what: fc.constant('pass' as const),
      milliseconds: fc.constantFrom(1, 5, 5, 10, 10, 20, 20, 1_000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('abort' as const), place: PLACE }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('delete' as const) }) },
)
