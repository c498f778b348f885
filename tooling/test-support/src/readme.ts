import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type RedisServer, startRedis } from './redis-server.js'

const run = promisify(execFile)
const TSC = fileURLToPath(new URL('../node_modules/typescript/bin/tsc', import.meta.url))

/** URL in the examples. The tests replace it by the URL of a real server. */
const EXAMPLE_REDIS_URL = 'redis://127.0.0.1:6379'

interface Example {
  /** The page and the line of the first line of code, such as `docs/keys.md:12`. */
  readonly place: string
  readonly code: string
}

/**
 * Registers a test for each `ts` block of a README, and of the pages in the folder `docs` beside it. Each
 * block must compile as a separate program, with the strict settings of the repository, and run without an
 * error.
 *
 * The program must print `text` for each line `console.log(...) // text`.
 *
 * @param env - variables of the programs, in addition to those of this process
 */
export async function testReadme(
  readme: URL,
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const pages = [readme, ...(await pagesBeside(readme))]
  const examples = (await Promise.all(pages.map((page) => examplesOf(page, readme)))).flat()
  // In the folder of the package, so that the examples can import the package by its name.
  const folder = fileURLToPath(new URL('.readme/', readme))
  const needsRedis = examples.some(({ code }) => code.includes(EXAMPLE_REDIS_URL))

  describe('README', () => {
    let redis: RedisServer | undefined
    beforeAll(async () => {
      if (needsRedis) redis = await startRedis()
      await mkdir(folder, { recursive: true })
      await writeFile(path.join(folder, 'tsconfig.json'), JSON.stringify(TSCONFIG))
      for (const [index, example] of examples.entries()) {
        const code = example.code.replaceAll(EXAMPLE_REDIS_URL, redis?.url ?? EXAMPLE_REDIS_URL)
        await writeFile(path.join(folder, `example-${index}.ts`), `${code}\nexport {}\n`)
      }
    })
    afterAll(async () => {
      await redis?.stop()
      await rm(folder, { recursive: true, force: true })
    })

    test('contains an example', () => expect(examples).not.toEqual([]))

    test('contains only examples that compile', async () => {
      const compiled = await run(process.execPath, [TSC, '-p', folder]).then(
        () => '',
        (error: Error & { stdout?: string }) => error.stdout ?? error.message,
      )
      expect(compiled).toBe('')
    }, 60_000)

    for (const [index, example] of examples.entries()) {
      test(`contains an example at ${example.place} that prints its expected output`, async () => {
        const program = path.join(folder, 'out', `example-${index}.js`)
        const options = { timeout: 30_000, cwd: folder, env: { ...process.env, ...env } }
        const { stdout } = await run(process.execPath, [program], options)
        const expected = [...example.code.matchAll(/console\.log\(.*\) \/\/ (.+)$/gm)]
        if (expected.length > 0) {
          expect(stdout.trim().split('\n')).toEqual(expected.map((match) => match[1]))
        }
      }, 60_000)
    }
  })
}

/** Returns the pages in the folder `docs` beside a README. */
async function pagesBeside(readme: URL): Promise<URL[]> {
  const folder = new URL('docs/', readme)
  if (!existsSync(folder)) return []
  const names = await readdir(folder)
  return names.filter((name) => name.endsWith('.md')).map((name) => new URL(name, folder))
}

async function examplesOf(page: URL, readme: URL): Promise<Example[]> {
  const text = await readFile(page, 'utf8')
  const name = path.relative(fileURLToPath(new URL('.', readme)), fileURLToPath(page))
  return Array.from(text.matchAll(/^```ts\n(.*?)^```$/gms), (match) => ({
    place: `${name}:${text.slice(0, match.index).split('\n').length + 1}`,
    code: match[1] ?? '',
  }))
}

const TSCONFIG = {
  extends: '../tsconfig.json',
  compilerOptions: { noEmit: false, outDir: 'out', rootDir: '.', noUnusedLocals: false },
  include: ['*.ts'],
}
