import { ValidationError } from '../errors.js'
import { expect } from './test-runner.js'

/** Fails unless the call is refused for its arguments, with this code and by rejecting. */
export async function refuses(call: () => Promise<unknown>, code: string): Promise<void> {
  const refusal = await reasonOf(call())
  expect(refusal).toBeInstanceOf(ValidationError)
  expect(refusal).toMatchObject({ code })
}

/** What a promise is rejected with; waits for it from now on, so that it is never unhandled. */
export function reasonOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => unreachable('what should have failed has succeeded'),
    (error: unknown) => error,
  )
}

/** Fails the test. Stands where the code of a correct cache never comes. */
export function unreachable(message: string): never {
  throw new Error(message)
}
