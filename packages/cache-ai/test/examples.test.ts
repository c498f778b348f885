import { readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { freePort, runProgram, startRedis } from '@verbatim/test-support'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const FOLDER = new URL('../examples/', import.meta.url)
const names = readdirSync(FOLDER).filter((name) => name.endsWith('.ts'))

/** Returns the output in the comments of a program, behind `console.log` and after `// prints:`. */
async function promised(name: string): Promise<string[]> {
  const code = await readFile(new URL(name, FOLDER), 'utf8')
  const lines = code.matchAll(/(?:console\.log\(.*\) \/\/ |\/\/ prints: )(.+)$/gm)
  return Array.from(lines, ([, text = '']) => text)
}

describe.each(['with Redis', 'without Redis'])('examples, %s', (situation) => {
  const redis = situation === 'with Redis' ? startRedis() : undefined
  let url: string
  beforeAll(async () => {
    url = redis === undefined ? `redis://127.0.0.1:${await freePort()}` : (await redis).url
  })
  afterAll(async () => (await redis)?.stop())

  test.each(names)('%s prints the output in its comments', async (name) => {
    const { code, out, err } = await runProgram(fileURLToPath(new URL(name, FOLDER)), [], {
      env: { REDIS_URL: url },
    })
    expect([err, code]).toEqual(['', 0])
    expect(out.trimEnd().split('\n')).toEqual(await promised(name))
  })
})

test('the README names each example', async () => {
  const readme = await readFile(new URL('README.md', FOLDER), 'utf8')
  for (const name of names) expect(readme).toContain(`(${name})`)
})
