import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { LocationOptions } from '../../src/connection/location.js'

/** A connection in a process of its own. */
export interface ChildConnection {
  readonly connected: boolean
  readonly error: string | undefined
  /** Closes it. Answers how long it took until the process had ended, in milliseconds. */
  end(): Promise<number>
}

/** @param ca - the file with the authority to trust beside the usual ones */
export async function connectInChild(
  location: LocationOptions,
  ca?: string,
): Promise<ChildConnection> {
  const script = fileURLToPath(new URL('child.ts', import.meta.url))
  const child = fork(script, [JSON.stringify(location)], {
    // By its place: where the tests are started from it may not be found by name.
    execArgv: ['--import', import.meta.resolve('tsx')],
    env: { ...process.env, ...(ca && { NODE_EXTRA_CA_CERTS: ca }) },
  })
  const [outcome] = (await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(() => {
      throw new Error('the process ended before it had connected')
    }),
  ])) as [Pick<ChildConnection, 'connected' | 'error'>]
  return { ...outcome, end: () => end(child) }
}

async function end(child: ChildProcess): Promise<number> {
  const startedAt = performance.now()
  child.send('close')
  const tooLong = setTimeout(() => child.kill('SIGKILL'), 10_000)
  await once(child, 'exit')
  clearTimeout(tooLong)
  return performance.now() - startedAt
}
