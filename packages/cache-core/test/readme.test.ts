import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { testReadme } from '@verbatim/test-support'
import { expect, test } from 'vitest'
import { runVitest } from './testkit/run-vitest.js'

const GUIDE = new URL('../docs/write-a-cache.md', import.meta.url)

await testReadme(new URL('../README.md', import.meta.url))

test('the cache in the guide passes the contract suite', async () => {
  const text = await readFile(GUIDE, 'utf8')
  const folder = new URL('../.readme/', import.meta.url)
  await mkdir(new URL('test/', folder), { recursive: true })
  try {
    await writeFile(new URL('test/map-cache.ts', folder), blockWith(text, 'class MapCache'))
    await writeFile(
      new URL('test/map-cache.test.ts', folder),
      blockWith(text, 'testCacheContract('),
    )
    const results = await runVitest(fileURLToPath(folder))
    expect(results.filter(({ passed }) => !passed)).toEqual([])
    expect(results.length).toBeGreaterThan(50)
    expect(text).toContain(`about ${Math.round(results.length / 10) * 10} tests`)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}, 60_000)

/** Returns the first code block that contains this text. */
function blockWith(text: string, part: string): string {
  const blocks = Array.from(text.matchAll(/^```\w+\n(.*?)^```$/gms), ([, code = '']) => code)
  return blocks.find((code) => code.includes(part)) ?? ''
}
