import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'

export interface ProgramOutcome {
  readonly code: number
  readonly out: string
  readonly err: string
}

export interface ProgramOptions {
  readonly input?: string | undefined
  /** Variables, besides those of this process. Without one about colours, the output has none. */
  readonly env?: Readonly<Record<string, string>> | undefined
}

const NODE = [process.execPath, '--import', import.meta.resolve('tsx')] as const

/** Runs a program written in TypeScript, and returns how it ended and what it printed. */
export function runProgram(
  file: string,
  args: readonly string[],
  { input = '', env = {} }: ProgramOptions = {},
): Promise<ProgramOutcome> {
  const { child, outcome } = start([...NODE, file, ...args], env)
  child.stdin.end(input)
  return outcome
}

/**
 * Runs a program with its output piped into a command of the shell.
 *
 * @param reader - such as `head -1`. `redirect` can add stderr to the pipe
 * @returns the code of the program, what the reader printed, and what either wrote to stderr
 */
export function runPiped(
  file: string,
  args: readonly string[],
  reader: string,
  {
    input = '',
    env = {},
    redirect = '',
  }: ProgramOptions & { readonly redirect?: '2>&1' | '' } = {},
): Promise<ProgramOutcome> {
  const script = `"$@" ${redirect} | ${reader}; exit \${PIPESTATUS[0]}`
  const { child, outcome } = start(['bash', '-c', script, 'bash', ...NODE, file, ...args], env)
  child.stdin.end(input)
  return outcome
}

/** Starts a program that a test ends by a signal. */
export function startProgram(
  file: string,
  args: readonly string[],
  { env = {} }: Pick<ProgramOptions, 'env'> = {},
): RunningProgram {
  return start([...NODE, file, ...args], env)
}

export interface RunningProgram {
  readonly child: ChildProcessWithoutNullStreams
  readonly outcome: Promise<ProgramOutcome>
}

function start(
  [program = '', ...words]: readonly string[],
  env: Readonly<Record<string, string>>,
): RunningProgram {
  const child = spawn(program, words, {
    env: { ...process.env, FORCE_COLOR: undefined, NO_COLOR: '1', ...env },
  })
  const [out, err] = [[] as string[], [] as string[]]
  child.stdout.setEncoding('utf8').on('data', (text: string) => out.push(text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => err.push(text))
  // A program may end before it has read its input.
  child.stdin.on('error', () => undefined)
  const outcome = once(child, 'close').then(([code]) => {
    return { code, out: out.join(''), err: err.join('') }
  })
  return { child, outcome }
}
