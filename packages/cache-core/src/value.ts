import { ValidationError } from './errors.js'

/**
 * Refuses `undefined`, which is how a cache says "miss". Everything else is a value, `null`, `0`,
 * `false` and `''` included.
 *
 * @throws ValidationError (`INVALID_VALUE`)
 */
export function assertValue(value: unknown): void {
  if (value !== undefined) return
  throw new ValidationError('value is undefined, which means a miss; store null instead', {
    code: 'INVALID_VALUE',
    context: { argument: 'value' },
  })
}
