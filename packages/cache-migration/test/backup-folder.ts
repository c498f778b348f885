import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll } from 'vitest'

/** A folder for the backups of one test file, gone afterwards. */
export const folder: string = await mkdtemp(path.join(tmpdir(), 'verbatim-migration-'))
afterAll(() => rm(folder, { recursive: true, force: true }))

let files = 0

/** A path at which there is nothing yet. */
export function newFile(): string {
  return path.join(folder, `backup-${files++}.gz`)
}
