import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll } from 'vitest'

/** Folder for the backups of one test file. It is removed after the tests. */
export const folder: string = await mkdtemp(path.join(tmpdir(), 'verbatim-migration-'))
afterAll(() => rm(folder, { recursive: true, force: true }))

let files = 0

/** Returns a path at which no file exists. */
export function newFile(): string {
  return path.join(folder, `backup-${files++}.backup`)
}
