import { randomUUID } from 'node:crypto'
import { link, readFile, rm, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { CacheError } from '@verbatim/cache-core'
import { errorCode } from '../failures.js'
import { withTemporary } from './temporary.js'

/** The contents of a lock. */
interface Holder {
  readonly pid: number
  readonly host: string
  /** Distinguishes processes with the same number, which containers have. */
  readonly id: string
}

/** The ids of the locks of this process. */
const ownLocks = new Set<string>()

/**
 * Runs `work` while no other process of this machine works on a file. Two processes that continue one file would
 * damage it. The lock is the file `<file>.lock`. A lock of a process that has ended counts as none.
 *
 * Without the permission or the space for a lock, `work` runs without it.
 *
 * @throws CacheError (`FILE_IN_USE`) if another process, or another call in this process, works on the file
 */
export async function withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  const lock = `${file}.lock`
  const holder: Holder = { pid: process.pid, host: hostname(), id: randomUUID() }
  ownLocks.add(holder.id)
  try {
    return (await take(lock, holder)) ? await withTemporary(lock, work) : await work()
  } finally {
    ownLocks.delete(holder.id)
  }
}

/** Returns whether the lock was created. */
async function take(lock: string, holder: Holder): Promise<boolean> {
  // A lock never exists without its contents.
  const temporary = `${lock}.${holder.id}`
  return withTemporary(temporary, async () => {
    try {
      await writeFile(temporary, JSON.stringify(holder), { flag: 'wx', mode: 0o600 })
      await link(temporary, lock)
      return true
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') return false
    }
    await removeStale(lock)
    return link(temporary, lock).then(
      () => true,
      () => false,
    )
  })
}

async function removeStale(lock: string): Promise<void> {
  const holder = parse(await readFile(lock, 'utf8').catch(() => ''))
  if (holder !== undefined && isRunning(holder)) {
    throw new CacheError(
      `process ${holder.pid} works on the file; if it does not, remove ${JSON.stringify(lock)}`,
      { code: 'FILE_IN_USE' },
    )
  }
  await rm(lock, { force: true })
}

function isRunning({ pid, host, id }: Holder): boolean {
  if (host !== hostname()) return false
  if (pid === process.pid) return ownLocks.has(id)
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return errorCode(error) === 'EPERM'
  }
}

function parse(text: string): Holder | undefined {
  try {
    const { pid, host, id } = JSON.parse(text) as Partial<Record<keyof Holder, unknown>>
    if (typeof pid === 'number' && typeof host === 'string' && typeof id === 'string') {
      return { pid, host, id }
    }
  } catch {
    // The file is not a lock of this package.
  }
  return undefined
}
