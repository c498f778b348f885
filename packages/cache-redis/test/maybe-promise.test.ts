import { runInNewContext } from 'node:vm'
import Bluebird from 'bluebird'
import { expect, test } from 'vitest'
import { chain, type MaybePromise } from '../src/maybe-promise.js'

test('a value is used at once', () => {
  expect(chain(1, (value) => value + 1)).toBe(2)
})

test.each<[string, MaybePromise<number>]>([
  ['a native promise', Promise.resolve(1)],
  ['a promise of bluebird', Bluebird.resolve(1)],
  ['a promise of another realm', runInNewContext('Promise.resolve(1)') as Promise<number>],
])('%s is waited for', async (_name, promise) => {
  const chained = chain(promise, (value) => value + 1)
  expect(chained).not.toBe(2)
  expect(await chained).toBe(2)
})

test('an object with a property called then is a value', () => {
  const value = JSON.parse('{"then":1}') as { then: number }
  expect(chain(value, ({ then }) => then)).toBe(1)
})
