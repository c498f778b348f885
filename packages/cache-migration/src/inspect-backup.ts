import type { Clock } from '@verbatim/cache-core'
import type { KeyRing } from '@verbatim/cache-redis'
import { explain } from './failures.js'
import { assertNotInterrupted } from './file/atomic-file.js'
import { remainingMs } from './file/backup.js'
import { openBackup, readWhole } from './file/backup-reader.js'
import type { BackupInspection } from './results.js'

/** The checked options of an inspection. */
export interface InspectionSettings {
  readonly clock: Clock
  readonly keys: KeyRing | undefined
  readonly signal: AbortSignal | undefined
}

/** Verifies a backup and describes its contents. */
export async function inspectBackup(
  file: string,
  { clock, keys, signal }: InspectionSettings,
): Promise<BackupInspection> {
  let reader: Awaited<ReturnType<typeof openBackup>>['reader'] | undefined
  let compressedSizeBytes = 0
  let count = 0
  let keysExpired = 0
  const errors: string[] = []
  try {
    await using backup = await openBackup(file, keys)
    ;({ reader, size: compressedSizeBytes } = backup)
    await readWhole(reader, (expiresAt) => {
      assertNotInterrupted(signal)
      count++
      if (remainingMs({ expiresAt }, clock) <= 0) keysExpired++
    })
  } catch (error) {
    errors.push(`Inspection failed: ${explain(error)}`)
  }
  const { header, formatVersion, plainBytes = 0 } = reader ?? {}
  return {
    success: errors.length === 0,
    backupFile: file,
    formatVersion,
    createdAt: header?.createdAt,
    mode: header?.mode,
    pattern: header?.pattern,
    sourceCacheType: header?.sourceCacheType,
    keys: count,
    keysExpired,
    totalSizeBytes: plainBytes,
    compressedSizeBytes,
    errors,
  }
}
