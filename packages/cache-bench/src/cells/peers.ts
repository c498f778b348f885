import { execFile } from 'node:child_process'
import { access, copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { ConfigurationError } from '@verbatim/cache-core'
import { listVariants } from './run-process.js'
import type { SubjectReference } from './subject.js'

const run = promisify(execFile)

/** Folder of the adapters in this package. */
const ADAPTERS = fileURLToPath(new URL('../../peers/', import.meta.url))

/** Caches that are measured together. */
export interface PeerSuite {
  /** Adapter of the caches of this repository. */
  readonly own: string
  /** Adapters of other libraries. Each has its own folder, because their dependencies exclude each other. */
  readonly peers: readonly string[]
}

/** Caches as users install them. */
export const ALL_PEERS: PeerSuite = {
  own: 'verbatim',
  peers: [
    ...['lru-cache', 'node-cache', 'layered-loader', 'cache-manager', 'async-cache-dedupe'],
    ...['cachified', 'bentocache', 'cacheable', 'keyv', 'unstorage', 'ioredis', 'node-redis'],
  ],
}

/** Caches without memory tiers, so that every call reaches Redis. */
export const THROUGHPUT_PEERS: PeerSuite = {
  own: 'throughput/verbatim',
  peers: ['cacheable', 'bentocache', 'ioredis', 'node-redis'].map((name) => `throughput/${name}`),
}

/** Returns the caches of this repository in a suite, from the packages in the working directory. */
export async function ownSubjects(
  { own }: PeerSuite,
  signal: AbortSignal,
): Promise<SubjectReference[]> {
  return referencesOf(path.join(ADAPTERS, `${own}.mjs`), process.cwd(), signal)
}

/** Installs the latest versions of the packages of a peer into a folder of its own. */
export async function installPeer(folder: string, peer: string): Promise<void> {
  const own = path.join(folder, peer)
  const adapter = path.join(own, 'adapter.mjs')
  await mkdir(own, { recursive: true })
  await writeFile(path.join(own, 'package.json'), '{ "private": true, "type": "module" }\n')
  await copyFile(path.join(ADAPTERS, `${peer}.mjs`), adapter)
  const packages = packagesIn(await readFile(adapter, 'utf8')).map((name) => {
    return /.@/.test(name) ? name : `${name}@latest`
  })
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  const options = ['--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error']
  await run(npm, ['install', ...options, ...packages], { cwd: own })
}

/** Returns the caches of an installed peer with their exact versions. */
export async function peerSubjects(
  folder: string,
  peer: string,
  signal: AbortSignal,
): Promise<SubjectReference[]> {
  const own = path.join(folder, peer)
  const adapter = path.join(own, 'adapter.mjs')
  await access(adapter).catch((cause: unknown) => {
    throw new ConfigurationError(
      `the peer ${peer} is not installed; run: cache-bench peers --install`,
      { code: 'PEER_NOT_INSTALLED', context: { peer }, cause },
    )
  })
  return referencesOf(adapter, own, signal)
}

async function referencesOf(
  module: string,
  folder: string,
  signal: AbortSignal,
): Promise<SubjectReference[]> {
  const names = packagesIn(await readFile(module, 'utf8'))
  const versions: Record<string, string> = {}
  for (const name of names) {
    const bare = name.replace(/(.)@.*$/, '$1')
    const version = await installedVersion(folder, bare)
    if (version !== undefined) versions[bare] = version
  }
  const variants = await listVariants(module, signal)
  return variants.map((variant) => Object.assign(variant, { versions }))
}

/** Reads the packages of an adapter from its text, because it cannot be imported before they are installed. */
function packagesIn(text: string): string[] {
  const [, list = ''] = /export const packages = \[([^\]]*)\]/.exec(text) ?? []
  return [...list.matchAll(/'([^']+)'/g)].map(([, name = '']) => name)
}

async function installedVersion(folder: string, name: string): Promise<string | undefined> {
  try {
    const file = path.join(folder, 'node_modules', name, 'package.json')
    const { version } = JSON.parse(await readFile(file, 'utf8')) as { version: string }
    return version
  } catch {
    return undefined
  }
}
