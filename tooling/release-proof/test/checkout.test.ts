import {
  access,
  constants,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { REPOSITORY, readManifest } from '../src/repository.js'
import { run } from '../src/run.js'

const folders = await readdir(path.join(REPOSITORY, 'packages'))
const readmes = ['README.md', ...folders.map((folder) => `packages/${folder}/README.md`)]

// In the READMEs, the checkout is the folder `verbatim` beside the project.
const scratch = await mkdtemp(path.join(tmpdir(), 'verbatim-checkout-'))
await symlink(REPOSITORY, path.join(scratch, 'verbatim'))
afterAll(() => rm(scratch, { recursive: true, force: true }))

// All READMEs pack the checkout by the same line.
const packed = new Set<string>()

test.each(readmes)('the commands of %s install the packages from a checkout', async (readme) => {
  const text = await readFile(path.join(REPOSITORY, readme), 'utf8')
  const [, lines] = /^Until the packages are published.*?^```sh\n(.*?)^```$/ms.exec(text) ?? []
  expect(lines).toBeDefined()
  const project = path.join(scratch, `project-of-${readme.replaceAll('/', '-')}`)
  await mkdir(project)
  await writeFile(path.join(project, 'package.json'), '{ "private": true }')
  const [pack = '', ...install] = (lines ?? '').split('\n')
  if (!packed.has(pack)) await run('bash', ['-ec', pack], { cwd: project })
  packed.add(pack)
  await run('bash', ['-ec', install.join('\n')], { cwd: project })

  const names = /^# (@verbatim\/\S+)$/m.exec(text)?.slice(1)
  for (const name of names ?? folders.map((folder) => `@verbatim/${folder}`)) {
    for (const load of [`require('${name}')`, `await import('${name}')`]) {
      const program = `console.log(Object.keys(${load}).length > 0)`
      const type = load.startsWith('await') ? 'module' : 'commonjs'
      const args = [`--input-type=${type}`, '--eval', program]
      expect(await run(process.execPath, args, { cwd: project })).toBe('true\n')
    }
  }
})

test('a fresh clone installs without a warning', async () => {
  const clone = path.join(scratch, 'clone')
  await run('git', ['clone', '--quiet', REPOSITORY, clone], { cwd: scratch })
  const { packageManager } = await readManifest(clone)
  const install = `npx --yes ${packageManager} install --frozen-lockfile --prefer-offline 2>&1`
  expect(await run('bash', ['-ec', install], { cwd: clone })).not.toMatch(/warn|deprecated/i)
})

test('every command exists before a build', async () => {
  for (const folder of folders) {
    const manifest = path.join(REPOSITORY, 'packages', folder, 'package.json')
    const { bin = {} } = JSON.parse(await readFile(manifest, 'utf8')) as {
      readonly bin?: Readonly<Record<string, string>>
    }
    for (const file of Object.values(bin)) {
      const tracked = await run('git', ['ls-files', file], { cwd: path.dirname(manifest) })
      expect(tracked).toBe(`${path.normalize(file)}\n`)
      await access(path.join(path.dirname(manifest), file), constants.X_OK)
    }
  }
})
