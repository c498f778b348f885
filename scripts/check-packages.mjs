// Packs every package and checks what a release would hold: publint, types, files.
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { packPackages } from './pack-packages.mjs'

const run = promisify(execFile)
const REPOSITORY = fileURLToPath(new URL('..', import.meta.url))
const MUST_HOLD = ['package.json', 'LICENSE', 'README.md', 'dist/cjs/package.json']

const folder = await mkdtemp(path.join(tmpdir(), 'verbatim-packages-'))
try {
  await packPackages(folder)
  const tarballs = (await readdir(folder)).toSorted()
  if (tarballs.length === 0) throw new Error('no package was packed')
  for (const tarball of tarballs) {
    const checks = [publint(tarball), types(tarball), files(tarball), links(tarball)]
    const problems = (await Promise.all(checks)).flat()
    console.log(`${tarball}: ${problems.length === 0 ? 'ok' : `\n${problems.join('\n')}`}`)
    if (problems.length > 0) process.exitCode = 1
  }
} finally {
  await rm(folder, { recursive: true, force: true })
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

/** Do the links of the README lead to the web or into the package? */
async function links(tarball) {
  const { stdout: readme } = await run('tar', ['-xzOf', tarball, 'package/README.md'], {
    cwd: folder,
  })
  const { stdout: names } = await run('tar', ['-tzf', tarball], { cwd: folder })
  const packed = new Set(names.trim().split('\n'))
  return [...readme.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link]) => link)
    .filter((link) => !/^(https:|#)/.test(link))
    .filter((link) => !packed.has(path.posix.join('package', link.split('#')[0])))
    .map((link) => `README.md links to ${link}, which is not in the package`)
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
