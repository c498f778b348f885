// Packs every package and checks what a release would hold: publint, types, files.
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const REPOSITORY = fileURLToPath(new URL('..', import.meta.url))
const MUST_HOLD = ['package.json', 'LICENSE', 'README.md', 'dist/cjs/package.json']

const folder = await mkdtemp(path.join(tmpdir(), 'verbatim-packages-'))
try {
  await packAll()
  const tarballs = (await readdir(folder)).toSorted()
  if (tarballs.length === 0) throw new Error('no package was packed')
  for (const tarball of tarballs) {
    const problems = (await Promise.all([publint(tarball), types(tarball), files(tarball)])).flat()
    console.log(`${tarball}: ${problems.length === 0 ? 'ok' : `\n${problems.join('\n')}`}`)
    if (problems.length > 0) process.exitCode = 1
  }
} finally {
  await rm(folder, { recursive: true, force: true })
}

async function packAll() {
  const { packageManager } = JSON.parse(
    await readFile(path.join(REPOSITORY, 'package.json'), 'utf8'),
  )
  const pack = ['--recursive', '--filter', './packages/*', 'pack', '--pack-destination', folder]
  await run('npx', ['--yes', packageManager, ...pack], { cwd: REPOSITORY })
}

/** Are the manifest and the files such as every tool understands them? */
function publint(tarball) {
  return complaints('publint', ['run', path.join(folder, tarball), '--strict'])
}

/** Do the types say what `import` and `require` find, however a program resolves modules? */
function types(tarball) {
  return complaints('attw', [path.join(folder, tarball)])
}

/** Is everything in it that should be, and nothing that should not? */
async function files(tarball) {
  const { stdout } = await run('tar', ['-tzf', tarball], { cwd: folder })
  const names = stdout
    .trim()
    .split('\n')
    .map((name) => name.replace('package/', ''))
  return [
    ...MUST_HOLD.filter((name) => !names.includes(name)).map((name) => `lacks ${name}`),
    ...names.filter((name) => /(^|\/)test\/|\.test\./.test(name)).map((name) => `holds ${name}`),
  ]
}

/** What a tool of this repository prints when it is not content; nothing when it is. */
async function complaints(tool, words) {
  try {
    await run(path.join(REPOSITORY, 'node_modules/.bin', tool), words)
    return []
  } catch (error) {
    return [`${tool}: ${error.stdout}${error.stderr}`]
  }
}
