// Packs every package and checks the tarball: manifest, types, files, and links of its pages.
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { packPackages } from './pack-packages.mjs'

const run = promisify(execFile)
const REPOSITORY = fileURLToPath(new URL('..', import.meta.url))
const REQUIRED_FILES = ['package.json', 'LICENSE', 'README.md', 'dist/cjs/package.json']

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

/** Returns problems of the manifest and of the files. */
function publint(tarball) {
  return problemsOf('publint', ['run', path.join(folder, tarball), '--strict'])
}

/** Returns differences between the types and the modules, for every module resolution. */
function types(tarball) {
  return problemsOf('attw', [path.join(folder, tarball)])
}

/** Returns missing files and unwanted files. */
async function files(tarball) {
  const { stdout } = await run('tar', ['-tzf', tarball], { cwd: folder })
  const names = stdout
    .trim()
    .split('\n')
    .map((name) => name.replace('package/', ''))
  return [
    ...REQUIRED_FILES.filter((name) => !names.includes(name)).map((name) => `${name} is missing`),
    ...names
      .filter((name) => /(^|\/)test\/|\.test\./.test(name))
      .map((name) => `${name} must not be in the package`),
  ]
}

/** Returns links of the README and of `docs` that lead neither to the web nor into the package. */
async function links(tarball) {
  const { stdout } = await run('tar', ['-tzf', tarball], { cwd: folder })
  const packed = stdout.trim().split('\n')
  const pages = packed.filter((name) => /^package\/(README|docs\/[^/]+)\.md$/.test(name))
  const missing = await Promise.all(pages.map((page) => linksOutside(tarball, page, packed)))
  return missing.flat()
}

async function linksOutside(tarball, page, packed) {
  const { stdout: text } = await run('tar', ['-xzOf', tarball, page], { cwd: folder })
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link]) => link)
    .filter((link) => !/^(https:|#)/.test(link))
    .filter((link) => !packed.includes(path.posix.join(path.dirname(page), link.split('#')[0])))
    .map((link) => `${page} links to ${link}, which is not in the package`)
}

/** Returns the output of a tool that found problems. */
async function problemsOf(tool, args) {
  try {
    await run(path.join(REPOSITORY, 'node_modules/.bin', tool), args)
    return []
  } catch (error) {
    return [`${tool}: ${error.stdout}${error.stderr}`]
  }
}
