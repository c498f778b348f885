import { execFile } from 'node:child_process'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type RedisServer, startRedis } from './redis-server.js'

const run = promisify(execFile)
const TSC = fileURLToPath(new URL('../node_modules/typescript/bin/tsc', import.meta.url))

/** The address that examples are written with; a real server is put in its place. */
const WRITTEN_REDIS_URL = 'redis://127.0.0.1:6379'

interface Example {
  readonly line: number
  readonly code: string
}

/**
 * Registers a test for each `ts` block of a README: it compiles as a program of its own, under the
 * repository's strict settings, and runs.
 *
 * Where a line reads `console.log(...) // text`, the program must print that text.
 */
export async function testReadme(readme: URL): Promise<void> {
  const text = await readFile(readme, 'utf8')
  const examples = [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(
    (match): Example => ({
      line: text.slice(0, match.index).split('\n').length + 1,
      code: match[1] ?? '',
    }),
  )
  // Inside the package, so that it can import itself by name as a reader would.
  const folder = fileURLToPath(new URL('.readme/', readme))
  const needsRedis = examples.some(({ code }) => code.includes(WRITTEN_REDIS_URL))

  describe('README', () => {
    let redis: RedisServer | undefined
    beforeAll(async () => {
      if (needsRedis) redis = await startRedis()
      await mkdir(folder, { recursive: true })
      await writeFile(path.join(folder, 'tsconfig.json'), JSON.stringify(TSCONFIG))
      for (const [index, example] of examples.entries()) {
        const code = example.code.replaceAll(WRITTEN_REDIS_URL, redis?.url ?? WRITTEN_REDIS_URL)
        await writeFile(path.join(folder, `example-${index}.ts`), `${code}\nexport {}\n`)
      }
    })
    afterAll(async () => {
      await redis?.stop()
      await rm(folder, { recursive: true, force: true })
    })

    test('has an example', () => expect(examples).not.toEqual([]))

    test('its examples compile', async () => {
      const compiled = await run(process.execPath, [TSC, '-p', folder]).then(
        () => '',
        (error: Error & { stdout?: string }) => error.stdout ?? error.message,
      )
      expect(compiled).toBe('')
    }, 60_000)

    for (const [index, example] of examples.entries()) {
      test(`the example at line ${example.line} does what it says`, async () => {
        const program = path.join(folder, 'out', `example-${index}.js`)
        const { stdout } = await run(process.execPath, [program], { timeout: 30_000, cwd: folder })
        const promised = [...example.code.matchAll(/console\.log\(.*\) \/\/ (.+)$/gm)]
        if (promised.length > 0) {
          expect(stdout.trim().split('\n')).toEqual(promised.map((match) => match[1]))
        }
      }, 60_000)
    }
  })
}

const TSCONFIG = {
  extends: '../tsconfig.json',
  compilerOptions: { noEmit: false, outDir: 'out', rootDir: '.', noUnusedLocals: false },
  include: ['*.ts'],
}
