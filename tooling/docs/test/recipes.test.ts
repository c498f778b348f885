import { execFile } from 'node:child_process'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import type { Type } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { ModelServer } from '@verbatim/model-server'
import { freePort } from '@verbatim/test-support'
import { afterAll, beforeAll, expect, test } from 'vitest'

const run = promisify(execFile)
const require = createRequire(import.meta.url)
const tsc = path.join(path.dirname(require.resolve('typescript/package.json')), 'bin/tsc')

const RECIPES = new URL('../../../docs/recipes/', import.meta.url)
const FOLDER = fileURLToPath(new URL('../.recipes/', import.meta.url))
const TIMEOUT_MS = 120_000

let model: ModelServer
let compilerErrors: string

beforeAll(async () => {
  model = await ModelServer.start()
  Object.assign(process.env, { OPENAI_BASE_URL: `${model.url}/v1`, OPENAI_API_KEY: 'test' })
  await rm(FOLDER, { recursive: true, force: true })
  const shared = await examplesOf('README.md')
  for (const page of (await readdir(RECIPES)).filter((name) => name !== 'README.md')) {
    const folder = path.join(FOLDER, path.basename(page, '.md'))
    await mkdir(folder, { recursive: true })
    for (const [name, code] of [...shared, ...(await examplesOf(page))]) {
      await writeFile(path.join(folder, name), code)
    }
  }
  await writeFile(path.join(FOLDER, 'package.json'), JSON.stringify({ type: 'module' }))
  await writeFile(path.join(FOLDER, 'tsconfig.json'), JSON.stringify(TSCONFIG))
  compilerErrors = await run(process.execPath, [tsc, '-p', FOLDER]).then(
    () => '',
    (error: Error & { stdout?: string }) => error.stdout ?? error.message,
  )
}, TIMEOUT_MS)
afterAll(async () => {
  await model[Symbol.asyncDispose]()
  await rm(FOLDER, { recursive: true, force: true })
})

/** Returns the code blocks of a page by file name, such as "```ts summaries.ts". */
async function examplesOf(page: string): Promise<[name: string, code: string][]> {
  const text = await readFile(new URL(page, RECIPES), 'utf8')
  const blocks = text.matchAll(/^```ts (\S+)\n(.*?)^```$/gms)
  return Array.from(blocks, ([, name = '', code = '']) => [name, code])
}

/** A running service. */
interface Service {
  readonly ask: (body: object) => Promise<Response>
  readonly end: () => Promise<void>
}

/** Loads the compiled code of a recipe, which has a folder and a cache of its own. */
function load<Recipe>(name: string): Promise<Recipe> {
  return import(`${pathToFileURL(FOLDER).href}${name}/${name}.js`) as Promise<Recipe>
}

function sender(address: string): Service['ask'] {
  return (body) =>
    fetch(`${address}/summaries`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
}

const SERVICES: Readonly<Record<string, () => Promise<Service>>> = {
  async express() {
    const port = await freePort()
    const { start } = await load<{ start: (port: number) => () => Promise<void> }>('express')
    return { ask: sender(`http://127.0.0.1:${port}`), end: start(port) }
  },
  async fastify() {
    const { build } = await load<{ build: () => Promise<FastifyApp> }>('fastify')
    const app = await build()
    const address = await app.listen({ host: '127.0.0.1', port: 0 })
    return { ask: sender(address), end: () => app.close() }
  },
  async hono() {
    const { app } = await load<{ app: { fetch: Handler } }>('hono')
    return inProcess((request) => app.fetch(request))
  },
  async nestjs() {
    const { SummariesModule } = await load<{ SummariesModule: Type }>('nestjs')
    const app = await NestFactory.create(SummariesModule, { logger: false })
    await app.listen(0, '127.0.0.1')
    return { ask: sender(await app.getUrl()), end: () => app.close() }
  },
  async nextjs() {
    const { POST } = await load<{ POST: Handler }>('nextjs')
    return inProcess(POST)
  },
}

/** A handler of web-standard requests, as servers of frameworks call it. */
type Handler = (request: Request) => Response | Promise<Response>

function inProcess(handle: Handler): Service {
  return {
    ask: async (body) =>
      handle(
        new Request('http://localhost/summaries', { method: 'POST', body: JSON.stringify(body) }),
      ),
    end: async () => undefined,
  }
}

interface FastifyApp {
  listen(options: object): Promise<string>
  close(): Promise<void>
}

test('the recipes compile', () => {
  expect(compilerErrors).toBe('')
})

test.each(Object.entries(SERVICES))(
  'the recipe for %s asks the model once for equal texts, and rejects a text that is missing',
  async (name, start) => {
    const { ask, end } = await start()
    model.reset()
    const body = { text: `It rained all day, and ${name} leaked.` }
    const first = await ask(body)
    expect([first.status, first.headers.get('x-cache')]).toEqual([200, 'MISS'])
    const { summary } = (await first.json()) as { summary: string }
    expect(summary).not.toBe('')
    const second = await ask(body)
    expect(second.headers.get('x-cache')).toBe('HIT')
    expect(await second.json()).toEqual({ summary })
    expect(model.requests).toHaveLength(1)

    model.pauseMs = 50
    const others = Array.from({ length: 5 }, () => ask({ text: `Another text for ${name}.` }))
    const served = (await Promise.all(others)).map(({ headers }) => headers.get('x-cache'))
    expect(served.filter((each) => each === 'MISS')).toHaveLength(1)
    expect(model.requests).toHaveLength(2)

    expect((await ask({})).status).toBe(400)
    expect(model.requests).toHaveLength(2)
    await end()
  },
  TIMEOUT_MS,
)

const TSCONFIG = {
  extends: '../../../tsconfig.base.json',
  compilerOptions: {
    ...{ noEmit: false, rootDir: '.', experimentalDecorators: true },
    // For the parameter property of the module of NestJS.
    erasableSyntaxOnly: false,
  },
  include: ['*/*.ts'],
}
