import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'

const run = promisify(execFile)
/** Turns the permission model on, which permits no threads by itself. */
const PERMISSION = process.allowedNodeEnvironmentFlags.has('--permission')
  ? '--permission'
  : '--experimental-permission'
const PACKAGE = fileURLToPath(new URL('../..', import.meta.url))

/** Uses the codec as it is published, and says what it saw. */
const PROGRAM = `
import { systemClock } from '@verbatim/cache-core'
import { Owner, Place } from './codec/place.js'
import { ValueCodec } from './codec/value-codec.js'

let workers = 0
process.on('worker', () => { workers += 1 })
const options = { compressionThreshold: 1_000, compressionLevel: 1, clock: systemClock }
const codec = new ValueCodec(options)
const details = { graceMs: 0, loadMs: 0, revision: 'origin000000100000' }
const value = ['x'.repeat(3_000_000)]
const place = new Place(new Owner('cache:', 0), 'key')
codec.encode(place, value, details).then(async ({ seal }) => {
  const decoded = await codec.decode(place, Buffer.from(seal([], 0, '1.a')))
  const same = decoded.value[0] === value[0]
  console.log(JSON.stringify({ workers, same, at: Date.now() }))
})
`

let directory: string

beforeAll(async () => {
  // Inside of the package, from where its dependencies are found.
  directory = await mkdtemp(join(PACKAGE, 'node_modules', '.built-codec-'))
  const config = {
    extends: '../../tsconfig.build.json',
    compilerOptions: { rootDir: '../../src', outDir: '.' },
    include: ['../../src/codec'],
  }
  await writeFile(join(directory, 'tsconfig.json'), JSON.stringify(config))
  await writeFile(join(directory, 'program.mjs'), PROGRAM)
  const compiler = join(PACKAGE, 'node_modules', 'typescript', 'bin', 'tsc')
  await run(process.execPath, [compiler, '-p', directory])
  await run(process.execPath, [join(PACKAGE, 'scripts/embed-worker.mjs'), directory])
  // The thread needs no file of its own.
  await rm(join(directory, 'codec', 'workers', 'codec-worker.js'))
})

afterAll(() => rm(directory, { recursive: true }))

test('uses a thread, which keeps the process alive while it works and no longer', async () => {
  const { stdout } = await run(process.execPath, [join(directory, 'program.mjs')])
  const { at, ...seen } = JSON.parse(stdout) as { at: number; workers: number; same: boolean }
  expect(seen).toEqual({ workers: 1, same: true })
  // Idle threads end after five seconds.
  expect(Date.now() - at).toBeLessThan(4_000)
})

test('does without threads where none are permitted', async () => {
  const { stdout } = await run(process.execPath, [
    ...[PERMISSION, '--allow-fs-read=*', '--no-warnings'],
    join(directory, 'program.mjs'),
  ])
  expect(JSON.parse(stdout)).toMatchObject({ workers: 0, same: true })
})
