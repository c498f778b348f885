import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { ConfigurationError } from '@verbatim/cache-core'
import type { CellMessage, CellOutput, CellSpecification } from './cell-protocol.js'
import type { SubjectReference } from './subject.js'

/** Longest duration of one process. */
const TIMEOUT_MS = 60_000

/**
 * Returns the caches in the export `variants` of a module. The module is loaded in a process of its own, because it
 * can end the process.
 *
 * @throws ConfigurationError (`INVALID_MODULE`) if the module cannot be loaded
 */
export async function listVariants(
  module: string,
  signal: AbortSignal,
): Promise<readonly SubjectReference[]> {
  const { variants = [], error } = await runProcess(
    {
      subject: { name: '', module, tier: 'memory', versions: {} },
      task: 'list',
      seed: 1,
      budgetMs: 0,
      redisUrl: undefined,
      keyPrefix: '',
      isTogether: false,
    },
    signal,
  )
  if (error === undefined) return variants
  throw new ConfigurationError(error, { code: 'INVALID_MODULE', context: {} })
}

/** Runs one process. */
export async function runProcess(
  specification: CellSpecification,
  signal: AbortSignal,
): Promise<CellOutput> {
  const child = startChild(specification)
  return outputOf(child, signal)
}

/** Runs processes that start each trial at the same time. */
export async function runTogether(
  specification: CellSpecification,
  count: number,
  signal: AbortSignal,
): Promise<CellOutput[]> {
  const children = Array.from({ length: count }, () => startChild(specification))
  let waiting = 0
  for (const child of children) {
    child.on('message', ({ isReady }: CellMessage) => {
      if (isReady && ++waiting === count) {
        waiting = 0
        for (const each of children) each.send('go', () => undefined)
      }
    })
  }
  return Promise.all(children.map((child) => outputOf(child, signal)))
}

function startChild(specification: CellSpecification): ChildProcess {
  const child = fork(fileURLToPath(new URL('cell-process.js', import.meta.url)), [], {
    execArgv: ['--expose-gc'],
    // A cache may print. Its output is not part of the report.
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  child.on('error', () => undefined)
  child.send(specification, () => undefined)
  return child
}

function outputOf(child: ChildProcess, signal: AbortSignal): Promise<CellOutput> {
  return new Promise((resolve) => {
    const end = (output: CellOutput): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', stop)
      child.kill('SIGKILL')
      resolve(output)
    }
    const stop = (): void => end({ error: 'stopped' })
    const timer = setTimeout(
      () => end({ error: `did not finish within ${TIMEOUT_MS / 1_000} seconds` }),
      TIMEOUT_MS,
    )
    signal.addEventListener('abort', stop)
    child.on('message', ({ output }: CellMessage) => {
      if (output !== undefined) end(output)
    })
    child.on('exit', (code, killedBy) => {
      end({ error: `the process ended with ${killedBy ?? `exit code ${code}`}` })
    })
    if (signal.aborted) stop()
  })
}
