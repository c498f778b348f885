import { readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

// A reader runs an example against the Redis at hand, which may hold what others need.

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const SKIPPED = /(?:^|\/)(?:node_modules|dist|bench|\.[^/]+|CHANGELOG\.md)(?:\/|$)/

const files = readdirSync(ROOT, { recursive: true, encoding: 'utf8' })
  .filter((name) => !SKIPPED.test(name))
  .filter((name) => name.endsWith('.md') || /^packages\/[^/]+\/examples\/.+\.ts$/.test(name))
  .toSorted()

const programs = (
  await Promise.all(
    files.map(async (name) => {
      const text = await readFile(new URL(name, `file://${ROOT}`), 'utf8')
      const blocks = name.endsWith('.md')
        ? Array.from(text.matchAll(/^```\w+.*\n([^]*?)^```$/gm), ([, code = '']) => code)
        : [text]
      return blocks.map((code, index) => [`${name} ${index + 1}`, code] as const)
    }),
  )
).flat()

test('finds the examples of the READMEs, of docs and of the packages', () => {
  const names = programs.map(([name]) => name).join('\n')
  for (const part of ['README.md', 'docs/testing.md', 'packages/cache-ai/examples/responses.ts']) {
    expect(names).toContain(part)
  }
})

test.each(programs)('%s empties no cache and no database', (_name, code) => {
  expect(code).not.toMatch(/\.clear\(|\bflush(?:all|db)\b/i)
})

test.each(
  programs.filter(([, code]) => /new \w+Cache\([^]*redisUrl|AI_CACHE_REDIS_URL:/.test(code)),
)('%s writes to Redis under names that only examples use', (_name, code) => {
  expect(code).toMatch(/['"`]verbatim-example/)
})

test.each(programs.filter(([, code]) => /\btenant\b/.test(code)))(
  '%s takes no tenant from the body of a request',
  (_name, code) => {
    expect(code).not.toMatch(/tenant: *(?:body|asked|payload|request\.(?:body|query|params))\b/)
    expect(code).not.toMatch(/\.\.\.body\b|json\(request\)\) as AIRequest/)
  },
)
