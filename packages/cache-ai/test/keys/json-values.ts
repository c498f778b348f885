import fc from 'fast-check'

/** Any JSON but integers beyond 2^53, which no key takes. */
export const jsonValue: fc.Arbitrary<fc.JsonValue> = fc
  .jsonValue()
  .filter((value) => hasExactNumbers(value))

function hasExactNumbers(value: unknown): boolean {
  if (typeof value === 'number') return !Number.isInteger(value) || Number.isSafeInteger(value)
  if (value === null || typeof value !== 'object') return true
  return Object.values(value).every((item) => hasExactNumbers(item))
}
