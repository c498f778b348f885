import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'

/** Exit code and output of a program. */
export interface ProgramOutcome {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Input and environment of a program. */
export interface ProgramOptions {
  readonly input?: string | undefined
  /** Variables that are added to those of this process. By default the output has no colors. */
  readonly env?: Readonly<Record<string, string>> | undefined
}

const NODE = [process.execPath, '--import', import.meta.resolve('tsx')] as const

/** Runs a TypeScript program and returns its exit code and output. */
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
 * Runs a program with its output piped into a shell command.
 *
 * @param reader - a shell command such as `head -1`. `redirect` can add stderr to the pipe
 * @returns the exit code of the program, the stdout of the reader, and the stderr of both
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

/** Starts a TypeScript program, for tests that send it signals. */
export function startProgram(
  file: string,
  args: readonly string[],
  { env = {} }: Pick<ProgramOptions, 'env'> = {},
): RunningProgram {
  return start([...NODE, file, ...args], env)
}

/** A program that was started. */
export interface RunningProgram {
  readonly child: ChildProcessWithoutNullStreams
  readonly outcome: Promise<ProgramOutcome>
}

function start(
  [program = '', ...args]: readonly string[],
  env: Readonly<Record<string, string>>,
): RunningProgram {
  const child = spawn(program, args, {
    env: { ...process.env, FORCE_COLOR: undefined, NO_COLOR: '1', ...env },
  })
  const [out, err] = [[] as string[], [] as string[]]
  child.stdout.setEncoding('utf8').on('data', (text: string) => out.push(text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => err.push(text))
  // A program can exit before it reads its input.
  child.stdin.on('error', () => undefined)
  const outcome = once(child, 'close').then(([code]) => {
    return { code, out: out.join(''), err: err.join('') }
  })
  return { child, outcome }
}
