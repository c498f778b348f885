import type { Clock } from '@verbatim/cache-core'
import { remainingMs } from './backup-format.js'
import { BackupReader } from './backup-reader.js'
import { explain } from './failures.js'
import type { BackupInspection } from './results.js'

/** Verifies a backup and describes its contents. */
export async function inspectBackup(file: string, clock: Clock): Promise<BackupInspection> {
  const reader = new BackupReader(file)
  let compressedSizeBytes = 0
  let keys = 0
  let keysExpired = 0
  const errors: string[] = []
  try {
    compressedSizeBytes = await reader.size()
    for await (const entry of reader.entries()) {
      keys++
      if (remainingMs(entry, clock) <= 0) keysExpired++
    }
  } catch (error) {
    errors.push(`Inspection failed: ${explain(error)}`)
  } finally {
    await reader.close()
  }
  return {
    success: errors.length === 0,
    backupFile: file,
    createdAt: reader.header?.createdAt,
    pattern: reader.header?.pattern,
    sourceCacheType: reader.header?.sourceCacheType,
    keys,
    keysExpired,
    totalSizeBytes: reader.unpackedBytes,
    compressedSizeBytes,
    errors,
  }
}
