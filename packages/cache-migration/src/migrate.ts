import { explain, NO_KEYS, Unreadable } from './failures.js'
import type { BackupEntry } from './file/backup.js'
import { LostEntries } from './lost-entries.js'
import type { MigrationResult } from './results.js'
import {
  EntryWriter,
  type MigrationSource,
  type MigrationTarget,
  type WriteSettings,
} from './write-entries.js'

/** Copies the entries of a cache to another cache. Entries that cannot be read are failures. */
export async function migrate(
  source: MigrationSource,
  target: MigrationTarget,
  settings: WriteSettings & { readonly pattern: string; readonly allowForeign: boolean },
): Promise<MigrationResult> {
  const { clock, pattern, allowForeign } = settings
  const startedAt = clock.now()
  const writer = new EntryWriter(target, settings)
  const lost = new LostEntries(target)
  const unreadable = new Unreadable()
  const errors: string[] = []
  async function* entries(): AsyncGenerator<BackupEntry> {
    for await (const entry of source.inspect(pattern, { includeForeign: true })) {
      if ('error' in entry) unreadable.add(entry.key, entry.error)
      else {
        const { key, value, ttl } = entry
        yield {
          key,
          value,
          expiresAt: ttl === null ? null : Math.round(clock.wallTime() + ttl * 1_000),
        }
      }
    }
  }
  try {
    await writer.writeAll(entries())
    const { count } = unreadable.entries
    if (count > 0) errors.push(`Migration incomplete: ${count} keys could not be read`)
    if (writer.failures.count > 0) {
      errors.push(`Migration incomplete: ${writer.failures.count} keys could not be written`)
    }
  } catch (error) {
    const progress = writer.restored === 0 ? '' : ` after ${writer.restored} keys`
    errors.push(`Migration failed${progress}: ${explain(error)}`)
  }
  errors.push(...lost.lines().map((line) => `Migration incomplete: ${line}`))
  errors.push(...unreadable.entries.list(), ...writer.failures.list())
  const foreign = unreadable.reportForeign('Migration incomplete: ', allowForeign)
  errors.push(...foreign.errors)
  const keysFailed = unreadable.entries.count + writer.failures.count
  const keysProcessed = writer.restored + writer.skipped + writer.expired + keysFailed
  return {
    success: errors.length === 0,
    keysProcessed,
    keysMigrated: writer.restored,
    keysSkipped: writer.skipped,
    keysExpired: writer.expired,
    keysFailed,
    keysForeign: unreadable.foreign.count,
    successRate: keysProcessed === 0 ? 0 : (writer.restored / keysProcessed) * 100,
    chunksProcessed: writer.chunks,
    migrationTime: (clock.now() - startedAt) / 1_000,
    canResume: false,
    errors,
    warnings:
      keysProcessed === 0 && errors.length === 0
        ? [NO_KEYS, ...foreign.warnings]
        : foreign.warnings,
  }
}
