import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, statSync } from 'node:fs'
import path from 'node:path'

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

const WITH_TYPESCRIPT = ['--import', import.meta.resolve('tsx')] as const

/**
 * Runs a TypeScript program and returns its exit code and output. A program in `src/` runs as it was built,
 * which takes a third of the time, unless a source is newer than the build.
 */
export function runProgram(
  file: string,
  args: readonly string[],
  { input = '', env = {} }: ProgramOptions = {},
): Promise<ProgramOutcome> {
  const { child, outcome } = start([...command(file), ...args], env)
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
  const { child, outcome } = start(['bash', '-c', script, 'bash', ...command(file), ...args], env)
  child.stdin.end(input)
  return outcome
}

/** Starts a TypeScript program, for tests that send it signals. */
export function startProgram(
  file: string,
  args: readonly string[],
  { env = {} }: Pick<ProgramOptions, 'env'> = {},
): RunningProgram {
  return start([...command(file), ...args], env)
}

/** A program that was started. */
export interface RunningProgram {
  readonly child: ChildProcessWithoutNullStreams
  readonly outcome: Promise<ProgramOutcome>
}

function command(file: string): readonly string[] {
  const built = builtProgram(file)
  return built === undefined
    ? [process.execPath, ...WITH_TYPESCRIPT, file]
    : [process.execPath, built]
}

/** Returns the built form of a program of `src/` if it is newer than every file of `src/`. */
function builtProgram(file: string): string | undefined {
  const [root, name] = file.split(`${path.sep}src${path.sep}`)
  if (root === undefined || name === undefined) return undefined
  const built = path.join(root, 'dist', name.replace(/\.ts$/, '.js'))
  const builtAt = statSync(built, { throwIfNoEntry: false })?.mtimeMs
  if (builtAt === undefined) return undefined
  const source = path.join(root, 'src')
  const isStale = readdirSync(source, { recursive: true, encoding: 'utf8' }).some(
    (entry) => statSync(path.join(source, entry)).mtimeMs > builtAt,
  )
  return isStale ? undefined : built
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
