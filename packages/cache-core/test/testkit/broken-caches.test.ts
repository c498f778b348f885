import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { runVitest, type TestResult } from './run-vitest.js'

/** The broken caches of `broken/`, each with tests that must find it out. */
const CAUGHT: Readonly<Record<string, readonly string[]>> = {
  IgnoresTtl: [
    'an entry is gone after its life, in every way of asking',
    'writing again may shorten a life',
    'getTtl tells the seconds left',
    'setMany gives every entry the same life',
    'gives the loaded value its life',
    'an expired key is not listed',
    'lives',
  ],
  RoundsTtlUpToSeconds: ['a life in seconds keeps its fraction'],
  TakesNullForAMiss: [
    'null',
    'getMany leaves misses out and keeps falsy values',
    'keeps falsy values',
  ],
  AnswersNullForAMiss: ['a key that was never set is a miss'],
  ForgetsToFence: [
    'delete during a load keeps the loaded value out',
    'deleteMany during a load keeps the loaded value out',
    'a write during a load is not overwritten by it',
  ],
  LoadsForEveryCaller: [
    'a thousand callers at once cause one load',
    'clear during a load keeps the loaded value out',
    'invalidatePattern during a load keeps the loaded value out',
  ],
  TakesAColonForAnUnderscore: ['keys that look alike stay apart'],
  CountsEveryDelete: ['deleteMany counts what was there, once'],
  AlwaysSaysDeleted: ['a deleted key is a miss, and deleting tells whether it was there'],
  StoresJson: ['date', 'bigint', 'map', 'undefined inside', 'not a number'],
  ThrowsAtOnce: ['keys'],
  ListsTheExpired: ['an expired key is not listed', 'scan takes a glob'],
}

describe('the testkit', () => {
  let results: TestResult[] = []
  beforeAll(async () => {
    results = await runVitest(fileURLToPath(new URL('broken/', import.meta.url)))
  }, 120_000)

  for (const [name, titles] of Object.entries(CAUGHT)) {
    test(`finds out a cache that ${inWords(name)}`, () => {
      const own = results.filter(({ suite }) => suite === `${name} keeps the cache contract`)
      const failed = own.filter(({ passed }) => !passed).map(({ title }) => title)
      expect(failed).toEqual(expect.arrayContaining([...titles]))
      // It was the fault that was found: what has nothing to do with it passed.
      expect(failed).not.toContain('a key of the longest length is taken')
    })
  }

  test('was tried on every broken cache', () => {
    const names = new Set(results.map(({ suite }) => suite.split(' ', 1)[0]))
    expect([...names]).toEqual(Object.keys(CAUGHT))
  })
})

function inWords(name: string): string {
  return name.replaceAll(/\B[A-Z]/g, ' $&').toLowerCase()
}
