import { type CacheInterface, type Clock, fromMilliseconds } from '@verbatim/cache-core'
import { type BackupEntry, remainingMs } from './backup-format.js'
import { BackupReader } from './backup-reader.js'
import { assertGoing } from './backup-writer.js'
import { chunksOf } from './chunks.js'
import { explain, Failures } from './failures.js'
import type { RestoreResult } from './results.js'

/** Entries that are written at the same time. */
const MOST_AT_ONCE = 200

export interface RestoreSettings {
  readonly overwrite: boolean
  readonly signal: AbortSignal | undefined
  readonly chunkSize: number
  readonly clock: Clock
}

export async function restoreBackup(
  file: string,
  target: CacheInterface,
  settings: RestoreSettings,
): Promise<RestoreResult> {
  const startedAt = settings.clock.now()
  const writing = new TargetWriting(target, settings)
  const errors: string[] = []
  const reader = new BackupReader(file)
  try {
    await readToTheEnd(reader.entries(), settings.signal)
    await writing.writeAll(reader.entries())
    const { count } = writing.failures
    if (count > 0) errors.push(`Restore failed: keys that could not be written: ${count}`)
  } catch (error) {
    const progress = writing.restored === 0 ? '' : ` after ${writing.restored} keys`
    errors.push(`Restore failed${progress}: ${explain(error)}`)
  } finally {
    await reader.close()
  }
  const keysRestored = writing.restored
  const keysFailed = writing.failures.count
  return {
    success: errors.length === 0,
    backupFile: file,
    keysRestored,
    keysSkipped: writing.skipped,
    keysExpired: writing.expired,
    keysFailed,
    successRate: keysRestored === 0 ? 0 : (keysRestored / (keysRestored + keysFailed)) * 100,
    restoreTime: (settings.clock.now() - startedAt) / 1_000,
    errors: [...errors, ...writing.failures.list()],
  }
}

/** Before anything is written: what is wrong with a file may show in its last line only. */
async function readToTheEnd(
  entries: AsyncIterator<BackupEntry>,
  signal: AbortSignal | undefined,
): Promise<void> {
  let step = await entries.next()
  while (step.done !== true) {
    assertGoing(signal)
    step = await entries.next()
  }
}

/** Puts entries into a cache, and counts. */
class TargetWriting {
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
      // A backend must not be sent more than it can answer in time.
      for (let from = 0; from < chunk.length; from += MOST_AT_ONCE) {
        assertGoing(this.#settings.signal)
        const some = chunk.slice(from, from + MOST_AT_ONCE)
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
