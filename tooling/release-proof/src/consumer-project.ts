import { copyFile, cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { readManifest } from './repository.js'
import { run } from './run.js'

const MODULES = fileURLToPath(new URL('../node_modules/', import.meta.url))

/** Compiler options for each module resolution of TypeScript programs for Node. */
const MODULE_RESOLUTIONS = {
  node16: ['--module', 'node16', '--moduleResolution', 'node16'],
  bundler: ['--module', 'esnext', '--moduleResolution', 'bundler'],
} as const

/** A compiler, by the name of its package in this project, and how it finds modules. */
export interface Compiler {
  readonly name: string
  readonly resolution: keyof typeof MODULE_RESOLUTIONS
}

/** The programs of the importers use more versions of TypeScript. */
export const COMPILERS: readonly Compiler[] = [
  { name: 'typescript-5.9', resolution: 'node16' },
  { name: 'typescript', resolution: 'node16' },
  { name: 'typescript', resolution: 'bundler' },
]

/** A project outside of this repository that installs packages from the registry. */
export class ConsumerProject implements AsyncDisposable {
  readonly #folder: string

  private constructor(folder: string) {
    this.#folder = folder
  }

  /**
   * Creates an empty project. It installs `@verbatim` packages from `registryUrl` and all others from npm.
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

  /** Returns the names of all packages in `node_modules`. */
  async installedNames(): Promise<string[]> {
    const modules = path.join(this.#folder, 'node_modules')
    const names = (await readdir(modules)).map(async (entry) => {
      if (entry.startsWith('.')) return []
      if (!entry.startsWith('@')) return [entry]
      return (await readdir(path.join(modules, entry))).map((name) => `${entry}/${name}`)
    })
    return (await Promise.all(names)).flat().toSorted()
  }

  /** Returns the names of a package and of all its direct and indirect dependencies. */
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
   * Compiles a program in strict mode, and checks the declarations of every package that it uses.
   *
   * @returns the path of the JavaScript program, for {@link ConsumerProject.node}
   */
  async compile(program: string, { name, resolution }: Compiler): Promise<string> {
    await copyFile(program, path.join(this.#folder, 'program.ts'))
    const output = path.join('out', name, resolution)
    await this.run(process.execPath, [
      path.join(MODULES, name, 'bin/tsc'),
      ...MODULE_RESOLUTIONS[resolution],
      ...['--target', 'es2022', '--strict', '--skipLibCheck', 'false'],
      ...['--types', 'node', '--typeRoots', path.join(MODULES, '@types')],
      ...['--rootDir', '.', '--outDir', output, 'program.ts'],
    ])
    return path.join(output, 'program.js')
  }

  /** Runs a JavaScript program of the project. */
  node(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
    return this.run(process.execPath, args, env)
  }

  /** Runs a command of an installed package. */
  command(name: string, args: readonly string[]): Promise<string> {
    return this.run('npx', ['--no-install', name, ...args])
  }

  [Symbol.asyncDispose](): Promise<void> {
    return rm(this.#folder, { recursive: true, force: true })
  }

  /** Runs a program in the folder of the project and returns its stdout. */
  run(
    program: string,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    return run(program, args, { cwd: this.#folder, env })
  }
}
