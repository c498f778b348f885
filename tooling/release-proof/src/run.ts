import { execFile } from 'node:child_process'

export interface RunOptions {
  readonly cwd: string
  /** Added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>
}

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
    const options = { cwd, env: { ...process.env, ...env }, maxBuffer: 64 * 1_024 * 1_024 }
    execFile(program, words, options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout)
      else reject(new Error(`${program} ${words.join(' ')}\n${stdout}\n${stderr}`))
    })
  })
}
