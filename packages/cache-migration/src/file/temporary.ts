import { rmSync } from 'node:fs'
import { rm } from 'node:fs/promises'

const RECURSIVE = { recursive: true, force: true } as const

const paths = new Set<string>()

/**
 * Runs `work`, then removes a file or a folder. It also removes the file or folder if the process
 * exits earlier, for example after a second Ctrl-C.
 */
export async function withTemporary<T>(path: string, work: () => Promise<T>): Promise<T> {
  if (paths.size === 0) process.on('exit', removeAll)
  paths.add(path)
  try {
    return await work()
  } finally {
    await rm(path, RECURSIVE)
    paths.delete(path)
    if (paths.size === 0) process.off('exit', removeAll)
  }
}

function removeAll(): void {
  for (const path of paths) rmSync(path, RECURSIVE)
}
