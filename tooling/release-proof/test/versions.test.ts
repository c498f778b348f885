import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { REPOSITORY, readManifest } from '../src/repository.js'
import { run } from '../src/run.js'

const WORKSPACES = ['packages', 'apps', 'tooling']

type Changes = Readonly<Record<string, 'patch' | 'minor' | 'major'>>
type Versions = Readonly<Record<string, string>>

const scratch = await mkdtemp(path.join(tmpdir(), 'verbatim-versions-'))
afterAll(() => rm(scratch, { recursive: true, force: true }))

describe('a change that dependents accept changes only the version of its package', () => {
  test.each<[from: string, Changes, expected: Versions]>([
    ['0.1.0', { 'cache-core': 'patch' }, { 'cache-core': '0.1.1' }],
    ['0.1.0', { 'cache-memory': 'patch' }, { 'cache-memory': '0.1.1' }],
    ['0.1.0', { 'cache-ai': 'minor' }, { 'cache-ai': '0.2.0' }],
    ['1.0.0', { 'cache-core': 'minor' }, { 'cache-core': '1.1.0' }],
    [
      '0.1.0',
      { 'cache-memory': 'patch', 'cache-bench': 'minor' },
      { 'cache-memory': '0.1.1', 'cache-bench': '0.2.0' },
    ],
  ])('from %s: %j', async (from, changes, expected) => {
    expect(await versionsChangedBy(changes, from)).toEqual(expected)
  })
})

describe('a change outside of the ranges of dependents also changes the versions of the dependents', () => {
  test.each<[from: string, Changes, expected: Versions]>([
    [
      '0.1.0',
      { 'cache-monitoring': 'minor' },
      { 'cache-monitoring': '0.2.0', 'cache-ai': '0.1.1' },
    ],
    [
      '1.0.0',
      { 'cache-redis': 'major' },
      { 'cache-redis': '2.0.0', 'cache-ai': '1.0.1', 'cache-migration': '1.0.1' },
    ],
  ])('from %s: %j', async (from, changes, expected) => {
    expect(await versionsChangedBy(changes, from)).toEqual(expected)
  })
})

/** Runs `changeset version` on a copy of the manifests and returns the changed versions. */
async function versionsChangedBy(changes: Changes, from: string): Promise<Versions> {
  const copy = await copyManifests(from)
  const sizes = Object.entries(changes).map(([name, size]) => `"@verbatim/${name}": ${size}\n`)
  const changeset = `---\n${sizes.join('')}---\n\nA change.\n`
  await writeFile(path.join(copy, '.changeset/a-change.md'), changeset)
  const program = path.join(REPOSITORY, 'node_modules/@changesets/cli/bin.js')
  await run(process.execPath, [program, 'version'], { cwd: copy })

  const changed: Record<string, string> = {}
  for (const folder of await workspaceFolders(copy)) {
    const { version } = await readManifest(path.join(copy, folder))
    if (version !== from) changed[path.basename(folder)] = version
  }
  return changed
}

/** Returns a folder with the release settings and manifests of this repository, all at one version. */
async function copyManifests(version: string): Promise<string> {
  const copy = await mkdtemp(path.join(scratch, 'repository-'))
  for (const file of ['package.json', 'pnpm-workspace.yaml', '.changeset/config.json']) {
    await cp(path.join(REPOSITORY, file), path.join(copy, file))
  }
  for (const folder of await workspaceFolders(REPOSITORY)) {
    const manifest = await readManifest(path.join(REPOSITORY, folder))
    await mkdir(path.join(copy, folder), { recursive: true })
    await writeFile(
      path.join(copy, folder, 'package.json'),
      JSON.stringify({ ...manifest, version }),
    )
  }
  return copy
}

async function workspaceFolders(repository: string): Promise<string[]> {
  const folders = WORKSPACES.map(async (workspace) =>
    (await readdir(path.join(repository, workspace))).map((name) => `${workspace}/${name}`),
  )
  return (await Promise.all(folders)).flat()
}
