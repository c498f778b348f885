import { existsSync, rmSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Bug, Patch } from './bug.js'

const PACKAGES = fileURLToPath(new URL('../../../../packages/', import.meta.url))
const SCOPE = '@verbatim/'
const ENTRY = 'node_modules/@verbatim/cache-redis/dist/index.js'

/** Folders of copies in use. They are removed even if the run is interrupted. */
const folders = new Set<string>()
process.on('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

/**
 * A copy of the built packages in a separate folder. A run loads its packages from the copy, so
 * that a build does not disturb it, and bugs can be patched into it.
 */
export class BuildCopy implements AsyncDisposable {
  /** URL of the module to import. */
  readonly module: string
  readonly #folder: string

  private constructor(folder: string) {
    folders.add(folder)
    this.#folder = folder
    this.module = pathToFileURL(path.join(folder, ENTRY)).href
  }

  /**
   * Creates a copy, with the patches of a bug.
   *
   * @throws Error if a patch does not match or a package has not been built
   */
  static async make(bug?: Bug): Promise<BuildCopy> {
    const folder = await mkdtemp(path.join(tmpdir(), 'verbatim-build-'))
    const copy = new BuildCopy(folder)
    try {
      const modules = path.join(folder, 'node_modules')
      await copyPackage(path.join(PACKAGES, 'cache-redis'), modules)
      for (const [file, text] of await patchedFiles(bug?.patches ?? [])) {
        await writeFile(path.join(modules, SCOPE, file), text)
      }
      return copy
    } catch (error) {
      await copy[Symbol.asyncDispose]()
      throw error
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true })
    folders.delete(this.#folder)
  }
}

interface Manifest {
  readonly name: string
  readonly dependencies?: Readonly<Record<string, string>>
}

/** Copies a package and its dependencies in this repository. Links all other dependencies. */
async function copyPackage(source: string, modules: string): Promise<void> {
  const manifest = path.join(source, 'package.json')
  const { name, dependencies = {} } = JSON.parse(await readFile(manifest, 'utf8')) as Manifest
  const target = path.join(modules, name)
  if (existsSync(target)) return
  await mkdir(path.join(target, 'node_modules'), { recursive: true })
  await cp(manifest, path.join(target, 'package.json'))
  await cp(path.join(source, 'dist'), path.join(target, 'dist'), {
    recursive: true,
    // Without types, which no program reads, and source maps, which would not match the patches.
    filter: (file) => !/\.(?:map|d\.ts)$/u.test(file),
  })
  for (const dependency of Object.keys(dependencies)) {
    const installed = await realpath(path.join(source, 'node_modules', dependency))
    if (dependency.startsWith(SCOPE)) {
      await copyPackage(installed, modules)
    } else {
      const dependencyPath = path.join(target, 'node_modules', dependency)
      await mkdir(path.dirname(dependencyPath), { recursive: true })
      await symlink(installed, dependencyPath)
    }
  }
}

/**
 * Returns the files of the build that patches change, with their new text.
 *
 * @throws Error if a patch does not match exactly one place
 */
export async function patchedFiles(
  patches: readonly Patch[],
): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>()
  for (const patch of patches) {
    const { file } = patch
    const text = files.get(file) ?? (await readFile(path.join(PACKAGES, file), 'utf8'))
    files.set(file, patched(text, patch))
  }
  return files
}

function patched(text: string, { file, find, replace }: Patch): string {
  const places = [...text.matchAll(anySpacing(find))]
  const [place] = places
  if (place === undefined || places.length > 1) {
    throw new Error(`${file} must contain this text exactly once; found ${places.length}:\n${find}`)
  }
  const after = text.slice(place.index + place[0].length)
  return text.slice(0, place.index) + replace + after
}

function anySpacing(text: string): RegExp {
  const words = text.trim().split(/\s+/u)
  return new RegExp(
    words
      .map((word) => word.replaceAll(/[\\^$.*+?()[\]{}|]/gu, String.raw`\$&`))
      .join(String.raw`\s+`),
    'gu',
  )
}
