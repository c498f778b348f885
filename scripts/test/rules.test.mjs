import { describe, expect, test } from 'vitest'
import { checkPage, checkSource } from '../words/rules.mjs'
import { readSource } from '../words/source-text.mjs'

const FILE = 'packages/cache-redis/src/reads.ts'

function findingsIn(text, file = FILE) {
  return checkSource(file, readSource(file, text)).map(
    ({ line, rule, found }) => `${line} ${rule}: ${found}`,
  )
}

describe('names', () => {
  test.each([
    ['function startNear() {}', 'startNear'],
    ['class A { readonly #kept = 1 }', '#kept'],
    ['interface A { lifeMs: number }', 'lifeMs'],
    ['const { a: writeOver } = b', 'writeOver'],
    ['type NowOrLater<T> = T', 'NowOrLater'],
    ["type State = 'open' | 'partly open'", "'partly open'"],
  ])('rejects the name in %s', (text, name) => {
    expect(findingsIn(text)).toEqual([`1 name: ${name}`])
  })

  test('rejects a word in the name of a file', () => {
    expect(findingsIn('', 'packages/cache-redis/src/near-tier.ts')).toEqual([
      '1 name: src/near-tier',
    ])
  })

  test.each([
    'const nearest = 1',
    'const timestamp = 1',
    'const options = { keepAlive: true, kept: 1 }',
    "import { kept } from 'a-library'",
    'kept(1)',
  ])('accepts %s', (text) => {
    expect(findingsIn(text)).toEqual([])
  })

  test('accepts a word with a second meaning outside of the files where it has the rejected one', () => {
    expect(findingsIn('const link = 1', 'packages/cache-ai/src/page.ts')).toEqual([])
  })
})

describe('doc comments', () => {
  test.each([
    '/** Answers the value. */ function get() {}',
    '/** What a read found. */ type Found = 1',
    '/** Is everything in it? */ function check() {}',
    '/** Whether it is open. */ function isOpen() {}',
    '/** The value. */ function get() {}',
    '/** How long it takes. */ function duration() {}',
  ])('rejects the start of %s', (text) => {
    expect(findingsIn(text)).toEqual([expect.stringMatching(/^1 doc-start: /)])
  })

  test.each([
    '/** Returns the value. */ function get() {}',
    '/** Does not throw. */ const get = () => {}',
    '/** Whether it is open. */ const isOpen = true',
    '/** The value. */ const value = 1',
    '/** @internal */ function get() {}',
    '/** {@inheritDoc Cache.get} */ function get() {}',
    '/** How long a reply may take. */ const limit = 1',
  ])('accepts %s', (text) => {
    expect(findingsIn(text)).toEqual([])
  })

  test('measures sentences of more than 25 words, and counts code as one word', () => {
    const long = 'word '.repeat(26).trim()
    expect(findingsIn(`/** ${long}. */ const a = 1`)).toEqual([
      expect.stringMatching(/^1 long-sentence: 26 words/),
    ])
    expect(findingsIn(`/** Short. \`${long}\`. */ const a = 1`)).toEqual([])
  })
})

describe('prose', () => {
  test('finds a phrase in a comment, a test name and a message, with its line', () => {
    expect(
      findingsIn(
        "// One\n// loads anew\ntest('loads anew', () => {\n  fail('it cannot load anew')\n})\n",
      ),
    ).toEqual([
      '2 phrase: One loads [anew]',
      '3 phrase: loads [anew]',
      '4 phrase: it cannot load [anew]',
    ])
  })

  test('accepts a phrase in a string of a test, which may be data', () => {
    expect(
      findingsIn("expect('it cannot load anew')", 'packages/cache-redis/test/a.test.ts'),
    ).toEqual([])
  })

  test.each(['there is no entry', 'it is no longer fresh', 'is not a number'])(
    'accepts "%s"',
    (text) => {
      expect(findingsIn(`// ${text}`)).toEqual([])
    },
  )

  test('rejects words of history outside of the legacy folder', () => {
    expect(findingsIn("// The seed's name")).toEqual(["1 history: [The seed]'s name"])
    expect(findingsIn("// The seed's name", 'packages/cache-ai/src/legacy/a.ts')).toEqual([])
    expect(findingsIn('// A seed of random numbers')).toEqual([])
  })

  test('checks the text of a page, not its code', () => {
    const page = 'Loads anew.\n\n```ts\n// anew\n```\n\n`anew` and\nmeanwhile\n'
    expect(checkPage('README.md', page).map(({ line, rule }) => `${line} ${rule}`)).toEqual([
      '1 phrase',
      '8 phrase',
    ])
  })
})
