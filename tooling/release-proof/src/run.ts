import { execFile } from 'node:child_process'

export interface RunOptions {
  readonly cwd: string
  /** Added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>
}

/** What a package manager that runs this passes on about itself. A consumer has none of it. */
const OF_OUTER_MANAGER = /^npm_(?:config_(?!registry$|userconfig$)|lifecycle_|package_|command$)/

const CLEAN_ENVIRONMENT = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !OF_OUTER_MANAGER.test(name)),
)

/**
 * Runs a program.
 *
 * @returns what it wrote to stdout
 * @throws Error with all that it wrote, when it ends with another code than 0
 */
export function run(
  program: string,
  words: readonly string[],
  { cwd, env }: RunOptions,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { cwd, env: { ...CLEAN_ENVIRONMENT, ...env }, maxBuffer: 64 * 1_024 * 1_024 }
    execFile(program, words, options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout)
      else reject(new Error(`${program} ${words.join(' ')}\n${stdout}\n${stderr}`))
    })
  })
}
