import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { ROOT, repositoryFiles } from './repository-files.js'

// Readers may run an example against a Redis with data of other programs.

const files = repositoryFiles('*.md', 'packages/*/examples/*.ts').filter(
  (name) => !/(?:^|\/)bench\//.test(name),
)

const programs = (
  await Promise.all(
    files.map(async (name) => {
      const text = await readFile(new URL(name, `file://${ROOT}`), 'utf8')
      // A block of text shows what a program prints.
      const blocks = name.endsWith('.md')
        ? Array.from(text.matchAll(/^```(?!text)\w+.*\n([^]*?)^```$/gm), ([, code = '']) => code)
        : [text]
      return blocks.map((code, index) => [`${name} ${index + 1}`, code] as const)
    }),
  )
).flat()

test('this suite finds the examples of the READMEs, of docs and of the packages', () => {
  const names = programs.map(([name]) => name).join('\n')
  for (const part of ['README.md', 'docs/testing.md', 'packages/cache-ai/examples/responses.ts']) {
    expect(names).toContain(part)
  }
})

test.each(programs)('%s deletes no whole cache or database', (_name, code) => {
  expect(code).not.toMatch(/\.clear\(|\bflush(?:all|db)\b/i)
})

test.each(
  programs.filter(([, code]) => /new \w+Cache\([^]*redisUrl|AI_CACHE_REDIS_URL:/.test(code)),
)('%s writes to Redis only under key prefixes of examples', (_name, code) => {
  expect(code).toMatch(/['"`]verbatim-example/)
})

test.each(programs.filter(([, code]) => /\btenant\b/.test(code)))(
  '%s never reads the tenant from the body of a request',
  (_name, code) => {
    expect(code).not.toMatch(/tenant: *(?:body|asked|payload|request\.(?:body|query|params))\b/)
    expect(code).not.toMatch(/\.\.\.body\b|json\(request\)\) as AIRequest/)
  },
)

test('each example of the README is one of a package, where it runs', () => {
  const examples = programs.filter(([name]) => name.startsWith('README.md '))
  const packaged = programs.filter(([name]) => name.startsWith('packages/')).map(([, code]) => code)
  const written = examples.filter(([, code]) => code.includes('import '))
  expect(written).not.toEqual([])
  for (const [, code] of written) expect(packaged).toContain(code)
})
