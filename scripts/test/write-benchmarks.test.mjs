import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'

const SCRIPT = fileURLToPath(new URL('../write-benchmarks.mjs', import.meta.url))

const figure = (value) => ({ name: 'get', unit: 'ns', better: 'lower', value })
const RUN = {
  format: 'cache-bench-run',
  formatVersion: 1,
  date: '2026-01-02T00:00:00.000Z',
  durationMs: 60_000,
  seed: 1,
  scenarios: ['get'],
  budgetMs: 300,
  processes: 3,
  environment: {
    platform: 'linux x64',
    runtimeVersion: 'Node.js 20.19.0',
    processor: 'CPU',
    cpuCount: 2,
  },
  memoryMb: 1_024,
  load: [0, 0],
  isPartial: false,
  caches: [
    { name: 'map', tier: 'memory', setup: 'stock', versions: { map: '1.2.3' }, failures: [] },
  ],
  cells: [1, 2, 3].map((value, process) => {
    return { cache: 'map', scenario: 'get', process, figures: [figure(value)] }
  }),
}

/** @type {string} */
let folder
/** @type {string} */
let page
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'write-benchmarks-'))
  page = path.join(folder, 'page.md')
  await writeFile(path.join(folder, 'peers.json'), JSON.stringify(RUN))
  await writeFile(page, '# Page\n\n<!-- run: peers -->\nold\n<!-- end of run -->\n\nThe end.\n')
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/**
 * @param {string[]} args
 * @returns {Promise<number>} the exit code
 */
function run(...args) {
  return new Promise((resolve) => {
    execFile(process.execPath, [SCRIPT, '--folder', folder, ...args, page], (error) => {
      resolve(error === null ? 0 : Number(error.code))
    })
  })
}

test('the tables of a run replace the text at its place, and --check finds a page that is old', async () => {
  expect(await run('--check')).toBe(1)
  expect(await run()).toBe(0)
  const text = await readFile(page, 'utf8')
  expect(text).toContain('| map | 2 (1-3) |')
  expect(text).toContain('Versions: map 1.2.3.')
  expect(text).not.toContain('old')
  expect(text.endsWith('<!-- end of run -->\n\nThe end.\n')).toBe(true)
  expect(await run('--check')).toBe(0)
}, 60_000)

test('the summary of a run has its place, and a run that is not stored is named', async () => {
  const places = ['summary: peers', 'run: throughput'].map((place) => `<!-- ${place} -->`)
  await writeFile(page, places.map((place) => `${place}\n<!-- end of run -->\n`).join('\n'))
  expect(await run('--check')).toBe(1)
  expect(await run()).toBe(0)
  const text = await readFile(page, 'utf8')
  expect(text).toContain('| | Verbatim | best other cache | ratio |')
  expect(text).toContain('The run `throughput` is not recorded yet.')
  expect(await run('--check')).toBe(0)
}, 60_000)
