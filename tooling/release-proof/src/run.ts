import { execFile } from 'node:child_process'

export interface RunOptions {
  readonly cwd: string
  /** Variables that are added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>
}

/** Variables of the package manager that runs these tests. A consumer does not have them. */
const PACKAGE_MANAGER_VARIABLES =
  /^npm_(?:config_(?!registry$|userconfig$)|lifecycle_|package_|command$)/

const CLEAN_ENVIRONMENT = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !PACKAGE_MANAGER_VARIABLES.test(name)),
)

/**
 * Runs a program.
 *
 * @returns its stdout
 * @throws Error with its output if the exit code is not 0
 */
export function run(
  program: string,
  args: readonly string[],
  { cwd, env }: RunOptions,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { cwd, env: { ...CLEAN_ENVIRONMENT, ...env }, maxBuffer: 64 * 1_024 * 1_024 }
    execFile(program, args, options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout)
      else reject(new Error(`${program} ${args.join(' ')}\n${stdout}\n${stderr}`))
    })
  })
}
