import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)

const CACHE = fileURLToPath(new URL('../../../node_modules/.cache/', import.meta.url))
const DEBIAN_PACKAGES = ['redis-server', 'redis-tools', 'liblzf1', 'libjemalloc2', 'libatomic1']

const HOW_TO_GET_ONE = `No redis-server to run the tests against.
Looked at: $REDIS_SERVER_BIN, redis-server and valkey-server on PATH, Debian's packages by apt-get.
Get one by any of:
  apt-get install redis-server      Debian, Ubuntu
  brew install redis                macOS
  REDIS_SERVER_BIN=/path/to/redis-server`

/**
 * Finds a redis-server to test against: `$REDIS_SERVER_BIN`, then the PATH, then one unpacked from
 * Debian's packages into `node_modules/.cache`, which needs no root and installs nothing.
 *
 * @throws Error that says how to get one
 */
export async function findRedisServer(): Promise<string> {
  const named = process.env['REDIS_SERVER_BIN']
  if (named !== undefined && named !== '') {
    if (await runs(named)) return named
    throw new Error(`REDIS_SERVER_BIN is ${named}, which does not run`)
  }
  for (const candidate of [
    'redis-server',
    'valkey-server',
    path.join(CACHE, 'redis/redis-server'),
  ]) {
    if (await runs(candidate)) return candidate
  }
  try {
    return await unpackFromDebian()
  } catch (cause) {
    throw new Error(HOW_TO_GET_ONE, { cause })
  }
}

async function runs(command: string): Promise<boolean> {
  return run(command, ['--version']).then(
    () => true,
    () => false,
  )
}

async function unpackFromDebian(): Promise<string> {
  await mkdir(CACHE, { recursive: true })
  const workshop = await mkdtemp(path.join(CACHE, 'redis-'))
  try {
    const root = path.join(workshop, 'root')
    const downloads = path.join(workshop, 'downloads')
    await Promise.all(
      ['lists/partial', 'archives/partial', 'downloads', 'root'].map((folder) =>
        mkdir(path.join(workshop, folder), { recursive: true }),
      ),
    )
    const apt = (...words: string[]): Promise<unknown> =>
      run(
        'apt-get',
        [
          '-qq',
          ...['-o', `Dir::State::Lists=${workshop}/lists`],
          ...['-o', `Dir::Cache::Archives=${workshop}/archives`],
          ...['-o', 'Dir::Cache::pkgcache=', '-o', 'Dir::Cache::srcpkgcache='],
          ...['-o', 'APT::Sandbox::User='],
          ...words,
        ],
        { cwd: downloads },
      )
    await apt('update')
    await apt('download', ...DEBIAN_PACKAGES)
    for (const archive of await readdir(downloads)) {
      await run('dpkg', ['-x', path.join(downloads, archive), root])
    }
    await writeWrappers(workshop, root)
    for (const scrap of ['lists', 'archives', 'downloads']) {
      await rm(path.join(workshop, scrap), { recursive: true })
    }
    // Another test run may have got there first; theirs is as good as ours.
    await rename(workshop, path.join(CACHE, 'redis')).catch(() => undefined)
    const server = path.join(CACHE, 'redis/redis-server')
    if (!(await runs(server))) throw new Error(`unpacked ${server}, but it does not run`)
    return server
  } finally {
    await rm(workshop, { recursive: true, force: true })
  }
}

/** Programs that find their libraries beside themselves, wherever the folder is moved to. */
async function writeWrappers(workshop: string, root: string): Promise<void> {
  const libraries = path.join(root, 'usr/lib')
  const triplet = (await readdir(libraries)).find((name) => name.endsWith('-linux-gnu'))
  if (triplet === undefined) throw new Error('the packages hold no libraries')
  await stat(path.join(root, 'usr/bin/redis-server'))
  for (const program of ['redis-server', 'redis-cli']) {
    const script = [
      '#!/bin/sh',
      'here=$(dirname "$(readlink -f "$0")")',
      `export LD_LIBRARY_PATH="$here/root/usr/lib/${triplet}"`,
      `exec "$here/root/usr/bin/${program}" "$@"`,
    ]
    await writeFile(path.join(workshop, program), `${script.join('\n')}\n`, { mode: 0o755 })
  }
}
