import type { KeyRing } from '@verbatim/cache-redis'
import { explain } from './failures.js'
import { assertNotInterrupted } from './file/atomic-file.js'
import { invalidBackup } from './file/backup.js'
import { openBackup, readWhole } from './file/backup-reader.js'
import { LostEntries } from './lost-entries.js'
import type { RestoreResult } from './results.js'
import { EntryWriter, type MigrationTarget, type WriteSettings } from './write-entries.js'

/** Verifies a backup, then writes its entries into a cache. */
export async function restoreBackup(
  file: string,
  target: MigrationTarget,
  settings: WriteSettings & { readonly keys: KeyRing | undefined },
): Promise<RestoreResult> {
  const startedAt = settings.clock.now()
  const writer = new EntryWriter(target, settings)
  const lost = new LostEntries(target)
  const errors: string[] = []
  try {
    await using backup = await openBackup(file, settings.keys)
    // An error can be in the last chunk.
    let keys = 0
    const { mode } = await readWhole(backup.reader, () => {
      keys++
      assertNotInterrupted(settings.signal)
    })
    if (mode !== 'typed')
      throw invalidBackup('the file is a backup of Redis; restore it into a RedisKeyspace')
    writer.progress.total = keys
    await writer.writeAll(backup.reader.entries())
    const { count } = writer.failures
    if (count > 0) errors.push(`Restore failed: ${count} keys could not be written`)
  } catch (error) {
    const progress = writer.restored === 0 ? '' : ` after ${writer.restored} keys`
    errors.push(`Restore failed${progress}: ${explain(error)}`)
  }
  errors.push(...lost.lines().map((line) => `Restore incomplete: ${line}`))
  const keysRestored = writer.restored
  const keysFailed = writer.failures.count
  return {
    success: errors.length === 0,
    backupFile: file,
    keysRestored,
    keysSkipped: writer.skipped,
    keysExpired: writer.expired,
    keysFailed,
    successRate: keysRestored === 0 ? 0 : (keysRestored / (keysRestored + keysFailed)) * 100,
    restoreTime: (settings.clock.now() - startedAt) / 1_000,
    canResume: false,
    errors: [...errors, ...writer.failures.list()],
  }
}
