import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)

const CACHE = fileURLToPath(new URL('../../../node_modules/.cache/', import.meta.url))

/** Returns whether a program exists and runs. */
export async function runs(command: string): Promise<boolean> {
  return run(command, ['--version']).then(
    () => true,
    () => false,
  )
}

/**
 * Unpacks Debian packages into a folder under `node_modules/.cache`, unless the folder exists. It needs
 * no root and installs nothing.
 *
 * @returns the path of the first program
 */
export async function unpackedFromDebian(
  folder: string,
  packages: readonly string[],
  programs: readonly [string, ...string[]],
): Promise<string> {
  const program = path.join(CACHE, folder, programs[0])
  if (await runs(program)) return program
  await mkdir(CACHE, { recursive: true })
  const workshop = await mkdtemp(path.join(CACHE, `${folder}-`))
  try {
    await unpack(workshop, packages)
    await writeWrappers(workshop, programs)
    // The rename fails if another test run was faster. Its folder has the same contents.
    await rename(workshop, path.join(CACHE, folder)).catch(() => undefined)
    if (!(await runs(program))) throw new Error(`unpacked ${program}, but it does not run`)
    return program
  } finally {
    await rm(workshop, { recursive: true, force: true })
  }
}

async function unpack(workshop: string, packages: readonly string[]): Promise<void> {
  const downloads = path.join(workshop, 'downloads')
  await Promise.all(
    ['lists/partial', 'archives/partial', 'downloads', 'root'].map((folder) =>
      mkdir(path.join(workshop, folder), { recursive: true }),
    ),
  )
  const apt = (...args: string[]): Promise<unknown> =>
    run(
      'apt-get',
      [
        '-qq',
        ...['-o', `Dir::State::Lists=${workshop}/lists`],
        ...['-o', `Dir::Cache::Archives=${workshop}/archives`],
        ...['-o', 'Dir::Cache::pkgcache=', '-o', 'Dir::Cache::srcpkgcache='],
        ...['-o', 'APT::Sandbox::User='],
        ...args,
      ],
      { cwd: downloads },
    )
  await apt('update')
  await apt('download', ...packages)
  for (const archive of await readdir(downloads)) {
    await run('dpkg', ['-x', path.join(downloads, archive), path.join(workshop, 'root')])
  }
  for (const scrap of ['lists', 'archives', 'downloads']) {
    await rm(path.join(workshop, scrap), { recursive: true })
  }
}

/** Writes a script per program that starts it with the libraries in the folder, even after a move. */
async function writeWrappers(workshop: string, programs: readonly string[]): Promise<void> {
  const libraries = await readdir(path.join(workshop, 'root/usr/lib')).catch(() => [])
  const triplet = libraries.find((name) => name.endsWith('-linux-gnu')) ?? ''
  for (const program of programs) {
    await stat(path.join(workshop, 'root/usr/bin', program))
    const script = [
      '#!/bin/sh',
      'here=$(dirname "$(readlink -f "$0")")',
      `export LD_LIBRARY_PATH="$here/root/usr/lib/${triplet}"`,
      `exec "$here/root/usr/bin/${program}" "$@"`,
    ]
    await writeFile(path.join(workshop, program), `${script.join('\n')}\n`, { mode: 0o755 })
  }
}
