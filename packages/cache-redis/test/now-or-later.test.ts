import { runInNewContext } from 'node:vm'
import Bluebird from 'bluebird'
import { expect, test } from 'vitest'
import { follow, type NowOrLater } from '../src/now-or-later.js'

test('a value is used at once', () => {
  expect(follow(1, (value) => value + 1)).toBe(2)
})

test.each<[string, NowOrLater<number>]>([
  ['a native promise', Promise.resolve(1)],
  ['a promise of bluebird', Bluebird.resolve(1)],
  ['a promise of another realm', runInNewContext('Promise.resolve(1)') as Promise<number>],
])('%s is waited for', async (_name, promise) => {
  const followed = follow(promise, (value) => value + 1)
  expect(followed).not.toBe(2)
  expect(await followed).toBe(2)
})

test('an object with a property called then is a value', () => {
  const value = JSON.parse('{"then":1}') as { then: number }
  expect(follow(value, ({ then }) => then)).toBe(1)
})
