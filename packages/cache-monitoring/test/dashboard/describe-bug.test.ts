import { ValidationError } from '@verbatim/cache-core'
import { expect, test } from 'vitest'
import { describeBug } from '../../src/dashboard/index.js'

const SECRET = 'the text of Ada'

function thrown(): Error {
  return new TypeError(`cannot read ${SECRET}\n    at ${SECRET} (secret.js:1:1)`)
}

test('a description has the name and the place of an error, and not its message', () => {
  const description = describeBug(thrown())
  expect(description).toMatch(
    /^TypeError at thrown \(dashboard\/describe-bug\.test\.ts:\d+:\d+\) at /,
  )
  expect(description).not.toContain('Ada')
  expect(description).not.toContain(import.meta.dirname)
})

test('a description has the causes with their codes, and messages that quote no value', () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED'), {
    code: 'ECONNREFUSED',
    syscall: 'connect',
  })
  const error = new Error(SECRET, {
    cause: new ValidationError('key must be a string', { cause: refused }),
  })
  const description = describeBug(error)
  expect(description).toMatch(/^Error at /)
  expect(description).toContain(
    ', caused by ValidationError INVALID_ARGUMENT: key must be a string at ',
  )
  expect(description).toContain(', caused by Error ECONNREFUSED: connect ECONNREFUSED')
  expect(description).not.toContain(SECRET)
})

test.each([
  ['a text', SECRET, 'a string'],
  ['nothing', null, 'null'],
  ['an error with a secret as its name', Object.assign(new Error(''), { name: SECRET }), 'Error'],
  [
    'an error that throws when it is read',
    Object.defineProperty(new Error(''), 'code', {
      get: () => {
        throw new Error(SECRET)
      },
    }),
    'an error that cannot be read',
  ],
])('%s is described without its content', (_given, error, start) => {
  const description = describeBug(error)
  expect(description.startsWith(start)).toBe(true)
  expect(description).not.toContain(SECRET)
})

test('an error that is its own cause is described in bounded length', () => {
  const error = new Error('circular')
  error.cause = error
  expect(describeBug(error).split(', caused by ')).toHaveLength(5)
})
