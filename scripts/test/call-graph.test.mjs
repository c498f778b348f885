import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CallGraph } from '../measure/call-graph.mjs'

const SOURCES = {
  'node_modules/client/RedisCommander.d.ts': 'export interface Client { get(key: string): string }',
  'src/cache.ts': `import { Reads } from './reads.js'
    import { format } from './format.js'
    export class Cache {
      readonly #reads = new Reads({ run: (send) => send({ get: (key) => key }) })
      get(key: string) { return this.#reads.read(key) }
      describe() { return format() }
    }`,
  'src/reads.ts': `import type { Client } from '../node_modules/client/RedisCommander.js'
    import type { Decoder } from './decoder.js'
    export interface Parts { readonly run: (send: (client: Client) => string) => string; readonly decoder?: Decoder }
    export class Reads {
      constructor(readonly parts: Parts) {}
      read(key: string) {
        const { run } = this.parts
        return this.parts.decoder?.decode(run((client) => client.get(key)))
      }
    }`,
  'src/decoder.ts': 'export interface Decoder { decode(text: string): string }',
  'src/json-decoder.ts': `import type { Decoder } from './decoder.js'
    export class JsonDecoder implements Decoder { decode(text: string) { return text } }`,
  'src/format.ts': 'export function format() { return 1 }',
}

let folder
let calls
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'verbatim-calls-'))
  for (const [name, text] of Object.entries(SOURCES)) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true })
    await writeFile(path.join(folder, name), text)
  }
  calls = new CallGraph(path.join(folder, 'src'), {})
})
afterAll(() => rm(folder, { recursive: true, force: true }))

test('follows methods, interfaces and functions in options, and no other method', () => {
  const { files } = calls.reach('Cache', 'get', 'client')
  expect(files).toEqual(['cache.ts', 'json-decoder.ts', 'reads.ts'])
})

test('finds the shortest chain of calls to a command', () => {
  const { chain } = calls.reach('Cache', 'get', 'client')
  expect(chain).toEqual(['cache.ts', 'reads.ts', 'cache.ts', 'reads.ts'])
})

test('rejects a method that does not exist', () => {
  expect(() => calls.reach('Cache', 'set', 'client')).toThrow('there is no method Cache.set')
})
