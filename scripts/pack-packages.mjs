// Packs every published package into a folder.
import { execFile } from 'node:child_process'
import { readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const REPOSITORY = fileURLToPath(new URL('..', import.meta.url))

/**
 * Packs every published package.
 *
 * @param folder - is emptied first, and created if it does not exist
 */
export async function packPackages(folder) {
  const manifest = await readFile(path.join(REPOSITORY, 'package.json'), 'utf8')
  const { packageManager } = JSON.parse(manifest)
  const pack = ['--recursive', '--filter', './packages/*', 'pack', '--pack-destination', folder]
  await rm(folder, { recursive: true, force: true })
  await promisify(execFile)('npx', ['--yes', packageManager, ...pack], { cwd: REPOSITORY })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = path.join(REPOSITORY, 'tarballs')
  await packPackages(folder)
  console.log(`packed into ${folder}`)
}
