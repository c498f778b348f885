import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { CAUGHT_WITH_ENTRIES } from './caught/entries.js'
import { CAUGHT_WITH_LOADS } from './caught/loads.js'
import { CAUGHT_WITH_OTHERS } from './caught/others.js'
import { CAUGHT_READING_ENTRIES } from './caught/reading-entries.js'
import { runVitest, type TestResult } from './run-vitest.js'

/** The broken caches of `broken/`, each with tests that must find it out. */
const CAUGHT = {
  ...CAUGHT_WITH_ENTRIES,
  ...CAUGHT_READING_ENTRIES,
  ...CAUGHT_WITH_LOADS,
  ...CAUGHT_WITH_OTHERS,
}

describe('the testkit', () => {
  let results: TestResult[] = []
  beforeAll(async () => {
    results = await runVitest(fileURLToPath(new URL('broken/', import.meta.url)))
  }, 300_000)

  for (const [name, titles] of Object.entries(CAUGHT)) {
    test(`finds out a cache that ${inWords(name)}`, () => {
      const own = results.filter(({ suite }) => suite === `${name} keeps the cache contract`)
      const failed = own.filter(({ passed }) => !passed).map(({ title }) => title)
      expect(failed).toEqual(expect.arrayContaining([...titles]))
      // It was the fault that was found: what has nothing to do with it passed.
      expect(failed.length).toBeLessThan(own.length / 3)
    })
  }

  test('was tried on every broken cache', () => {
    const names = new Set(results.map(({ suite }) => suite.replace(/ .*/, '')))
    expect(names).toEqual(new Set(Object.keys(CAUGHT)))
  })

  test('has no test that cannot fail', () => {
    const failing = new Set(results.filter(({ passed }) => !passed).map(({ title }) => title))
    const titles = new Set(results.map(({ title }) => title))
    expect([...titles].filter((title) => !failing.has(title))).toEqual([])
  })
})

function inWords(name: string): string {
  return name.replaceAll(/\B[A-Z]/g, ' $&').toLowerCase()
}
