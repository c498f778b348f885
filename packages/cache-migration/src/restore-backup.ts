import type { CacheInterface, Clock } from '@verbatim/cache-core'
import { fromMilliseconds } from '@verbatim/cache-core/implement'
import { explain, Failures } from './failures.js'
import { assertNotInterrupted } from './file/atomic-file.js'
import { type BackupEntry, remainingMs } from './file/backup.js'
import { openBackup, readWhole } from './file/backup-reader.js'
import type { RestoreResult } from './results.js'

/** Number of concurrent writes. */
const MAX_CONCURRENT_WRITES = 200

/** The checked options of a restore. */
export interface RestoreSettings {
  readonly overwrite: boolean
  readonly signal: AbortSignal | undefined
  readonly chunkSize: number
  readonly clock: Clock
}

/** Verifies a backup, then writes its entries into a cache. */
export async function restoreBackup(
  file: string,
  target: CacheInterface,
  settings: RestoreSettings,
): Promise<RestoreResult> {
  const startedAt = settings.clock.now()
  const writer = new TargetWriter(target, settings)
  const errors: string[] = []
  try {
    await using backup = await openBackup(file)
    // An error can be in the last chunk.
    await readWhole(backup.reader, () => assertNotInterrupted(settings.signal))
    await writer.writeAll(backup.reader.entries())
    const { count } = writer.failures
    if (count > 0) errors.push(`Restore failed: ${count} keys could not be written`)
  } catch (error) {
    const progress = writer.restored === 0 ? '' : ` after ${writer.restored} keys`
    errors.push(`Restore failed${progress}: ${explain(error)}`)
  }
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
    errors: [...errors, ...writer.failures.list()],
  }
}

/** Writes entries into a cache and counts the outcomes. */
class TargetWriter {
  readonly failures = new Failures()
  restored = 0
  skipped = 0
  expired = 0
  readonly #target: CacheInterface
  readonly #settings: RestoreSettings

  constructor(target: CacheInterface, settings: RestoreSettings) {
    this.#target = target
    this.#settings = settings
  }

  async writeAll(entries: AsyncIterable<BackupEntry>): Promise<void> {
    for await (const chunk of chunksOf(entries, this.#settings.chunkSize)) {
      // More concurrent writes could exceed the command timeout of Redis.
      for (let from = 0; from < chunk.length; from += MAX_CONCURRENT_WRITES) {
        assertNotInterrupted(this.#settings.signal)
        const some = chunk.slice(from, from + MAX_CONCURRENT_WRITES)
        await Promise.all(some.map((entry) => this.#write(entry)))
      }
    }
  }

  async #write(entry: BackupEntry): Promise<void> {
    const { key, value } = entry
    const remaining = remainingMs(entry, this.#settings.clock)
    if (remaining <= 0) {
      this.expired++
      return
    }
    try {
      const ttl = fromMilliseconds(remaining)
      if (this.#settings.overwrite) await this.#target.set(key, value, ttl)
      else if (!(await this.#target.add(key, value, ttl))) {
        this.skipped++
        return
      }
      this.restored++
    } catch (error) {
      this.failures.add(key, error)
    }
  }
}

/** Groups items into lists of `size`. The last list can be shorter. */
async function* chunksOf<T>(items: AsyncIterable<T>, size: number): AsyncGenerator<readonly T[]> {
  let chunk: T[] = []
  for await (const item of items) {
    chunk.push(item)
    if (chunk.length < size) continue
    yield chunk
    chunk = []
  }
  if (chunk.length > 0) yield chunk
}
