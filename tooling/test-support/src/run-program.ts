import { spawn } from 'node:child_process'
import { once } from 'node:events'

export interface ProgramOutcome {
  readonly code: number
  readonly out: string
  readonly err: string
}

export interface ProgramOptions {
  readonly input?: string | undefined
  /** Variables, besides those of this process. */
  readonly env?: Readonly<Record<string, string>> | undefined
}

/** Runs a program written in TypeScript, and answers how it ended and what it printed. */
export async function runProgram(
  file: string,
  args: readonly string[],
  { input = '', env = {} }: ProgramOptions = {},
): Promise<ProgramOutcome> {
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), file, ...args], {
    env: { ...process.env, ...env },
  })
  const [out, err] = [[] as string[], [] as string[]]
  child.stdout.setEncoding('utf8').on('data', (text: string) => out.push(text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => err.push(text))
  child.stdin.end(input)
  const [code] = await once(child, 'close')
  return { code, out: out.join(''), err: err.join('') }
}
