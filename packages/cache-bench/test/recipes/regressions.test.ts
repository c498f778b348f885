import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'

const PACKAGE = fileURLToPath(new URL('../..', import.meta.url))

interface Step {
  readonly uses?: string
  readonly run?: string
}

/** Returns the code of a cache whose `get` computes for a number of steps. */
function cacheWith(steps: number): string {
  return `let computed = 0
  const compute = () => { for (let step = 0; step < ${steps}; step++) computed = Math.imul(computed ^ step, 31) }
  export default ({ ttlMs, maxSize }) => {
    const entries = new Map()
    return {
      get: async (key) => {
        compute()
        const entry = entries.get(key)
        return entry !== undefined && entry.expiresAt > performance.now() ? entry.value : undefined
      },
      set: async (key, value) => {
        entries.set(key, { value, expiresAt: performance.now() + ttlMs })
        if (entries.size > maxSize) entries.delete(entries.keys().next().value)
        return computed
      },
    }
  }`
}

describe('the workflow for pull requests', () => {
  let project: string
  beforeAll(async () => {
    project = await mkdtemp(path.join(tmpdir(), 'cache-bench-recipe-'))
    await mkdir(path.join(project, 'bench'))
    await mkdir(path.join(project, 'node_modules/.bin'), { recursive: true })
    const command = path.join(project, 'node_modules/.bin/cache-bench')
    await symlink(path.join(PACKAGE, 'bin/cache-bench.js'), command)
    await writeFile(path.join(project, 'package.json'), '{ "private": true, "type": "module" }')
  })
  afterAll(() => rm(project, { recursive: true, force: true }))

  /** Runs the steps with a checkout of each version in turn. Returns the exit code of each command. */
  async function runSteps(versions: readonly string[]): Promise<number[]> {
    const recipe = await readFile(path.join(PACKAGE, 'recipes/regressions.yml'), 'utf8')
    const { jobs } = parse(recipe) as { jobs: { regressions: { steps: Step[] } } }
    const codes: number[] = []
    const left = [...versions]
    for (const { uses = '', run } of jobs.regressions.steps) {
      if (uses.startsWith('actions/checkout')) {
        await writeFile(path.join(project, 'bench/cache.mjs'), left.shift() ?? '')
      }
      // The packages are already in the project.
      if (run === undefined || run === 'npm ci') continue
      codes.push(await shell(quick(run)))
    }
    return codes
  }

  /** Measures less than the workflow, with the fewest processes that can prove a regression. */
  function quick(command: string): string {
    return command
      .replace('get set --processes 7', 'get --processes 5 --budget 20')
      .replace('regress', 'regress --processes 5')
  }

  function shell(command: string): Promise<number> {
    const env = {
      ...process.env,
      RUNNER_TEMP: project,
      GITHUB_STEP_SUMMARY: path.join(project, 'summary.md'),
    }
    return new Promise((resolve) => {
      execFile('bash', ['-e', '-c', command], { cwd: project, env }, (error) => {
        resolve(error === null ? 0 : Number(error.code))
      })
    })
  }

  test('fails for a cache that became slower, with a table in the summary', async () => {
    expect(await runSteps([cacheWith(100), cacheWith(500_000)])).toEqual([0, 1])
    const summary = await readFile(path.join(project, 'summary.md'), 'utf8')
    expect(summary).toMatch(/\| cache\.mjs \| get \| get, ns \|.*\| critical \|/)
  }, 180_000)
})
