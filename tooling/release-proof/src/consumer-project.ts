import { copyFile, cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { readManifest } from './repository.js'
import { run } from './run.js'

const MODULES = fileURLToPath(new URL('../node_modules/', import.meta.url))

/** The compilers that programs are tried with, by their package here. */
export const COMPILERS: readonly string[] = ['typescript-5.9', 'typescript']

/** The ways to resolve modules that TypeScript programs for Node are written with. */
export const MODULE_RESOLUTIONS: ReadonlyMap<string, readonly string[]> = new Map([
  ['node16', ['--module', 'node16', '--moduleResolution', 'node16']],
  ['bundler', ['--module', 'esnext', '--moduleResolution', 'bundler']],
])

/** A project outside this repository, with one package of ours in it and nothing else. */
export class ConsumerProject implements AsyncDisposable {
  readonly #folder: string

  private constructor(folder: string) {
    this.#folder = folder
  }

  /**
   * Makes an empty project that takes our packages from a registry, and all others from npm's.
   *
   * @param manifest - fields of its `package.json`. Default: a project of ECMAScript modules
   */
  static async create(
    registryUrl: string,
    manifest: Readonly<Record<string, unknown>> = { type: 'module' },
  ): Promise<ConsumerProject> {
    const folder = await mkdtemp(path.join(tmpdir(), 'verbatim-consumer-'))
    const project = new ConsumerProject(folder)
    await project.write(
      'package.json',
      JSON.stringify({ name: 'consumer', private: true, ...manifest }),
    )
    await project.write('.npmrc', `@verbatim:registry=${registryUrl}\n`)
    return project
  }

  /** Writes a file of the project. */
  async write(file: string, text: string): Promise<void> {
    await writeFile(path.join(this.#folder, file), text)
  }

  read(file: string): Promise<string> {
    return readFile(path.join(this.#folder, file), 'utf8')
  }

  /** Copies all files of a folder into the project. */
  async copy(folder: string): Promise<void> {
    await cp(folder, this.#folder, { recursive: true })
  }

  async install(...packageNames: readonly string[]): Promise<void> {
    await this.run('npm', ['install', '--no-audit', '--no-fund', ...packageNames])
  }

  /** The names of all packages in `node_modules`. */
  async installedNames(): Promise<string[]> {
    const modules = path.join(this.#folder, 'node_modules')
    const names = (await readdir(modules)).map(async (entry) => {
      if (entry.startsWith('.')) return []
      if (!entry.startsWith('@')) return [entry]
      return (await readdir(path.join(modules, entry))).map((name) => `${entry}/${name}`)
    })
    return (await Promise.all(names)).flat().toSorted()
  }

  /** A package and all that it declares to need, and what those need in turn. */
  async declaredNames(packageName: string): Promise<string[]> {
    const names = new Set([packageName])
    for (const name of names) {
      const manifest = await readManifest(path.join(this.#folder, 'node_modules', name))
      const declared = { ...manifest.dependencies, ...manifest.optionalDependencies }
      for (const dependency of Object.keys(declared)) names.add(dependency)
    }
    return [...names].toSorted()
  }

  /**
   * Compiles a program, strictly, and checks the declarations of every package it uses.
   *
   * @param resolution - one of {@link MODULE_RESOLUTIONS}
   * @returns the JavaScript program, to be run by {@link ConsumerProject.node}
   */
  async compile(program: string, compiler: string, resolution: string): Promise<string> {
    await copyFile(program, path.join(this.#folder, 'program.ts'))
    const output = path.join('out', compiler, resolution)
    await this.run(process.execPath, [
      path.join(MODULES, compiler, 'bin/tsc'),
      ...(MODULE_RESOLUTIONS.get(resolution) ?? []),
      ...['--target', 'es2022', '--strict', '--skipLibCheck', 'false'],
      ...['--types', 'node', '--typeRoots', path.join(MODULES, '@types')],
      ...['--rootDir', '.', '--outDir', output, 'program.ts'],
    ])
    return path.join(output, 'program.js')
  }

  /** Runs a JavaScript program of the project. */
  node(words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
    return this.run(process.execPath, words, env)
  }

  /** Runs a command that a package has brought. */
  command(name: string, words: readonly string[]): Promise<string> {
    return this.run('npx', ['--no-install', name, ...words])
  }

  [Symbol.asyncDispose](): Promise<void> {
    return rm(this.#folder, { recursive: true, force: true })
  }

  /** Runs a program in the folder of the project, and returns what it wrote to stdout. */
  run(
    program: string,
    words: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    return run(program, words, { cwd: this.#folder, env })
  }
}
