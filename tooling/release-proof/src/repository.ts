import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { type RunOptions, run } from './run.js'

/** The root of this repository. */
export const REPOSITORY: string = fileURLToPath(new URL('../../../', import.meta.url))

export interface Manifest {
  readonly name: string
  readonly version: string
  readonly packageManager?: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

/** Returns the package.json of a folder. */
export async function readManifest(folder: string): Promise<Manifest> {
  return JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8'))
}

/** Runs the pnpm version of this repository, even without pnpm on the PATH. */
export async function pnpm(args: readonly string[], options: RunOptions): Promise<string> {
  const { packageManager = 'pnpm' } = await readManifest(REPOSITORY)
  return run('npx', ['--yes', packageManager, ...args], options)
}
