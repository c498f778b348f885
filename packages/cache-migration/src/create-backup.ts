import { createHash } from 'node:crypto'
import {
  CacheError,
  type CacheInterface,
  type Clock,
  type InspectedEntry,
} from '@verbatim/cache-core'
import { encodeEntry, encodeHeader, encodeTrailer } from './backup-format.js'
import { writeLines } from './backup-writer.js'
import { explain, Failures } from './failures.js'
import type { BackupResult } from './results.js'

/** The checked options of a backup. */
export interface BackupSettings {
  readonly pattern: string
  readonly overwrite: boolean
  readonly signal: AbortSignal | undefined
  readonly clock: Clock
}

/** Writes the entries of a cache to a file, or no file at all. */
export async function createBackup(
  source: CacheInterface,
  file: string,
  settings: BackupSettings,
): Promise<BackupResult> {
  const startedAt = settings.clock.now()
  const encoder = new SourceEncoder(source, settings)
  let compressedSizeBytes = 0
  let errors: string[] = []
  try {
    const { overwrite, signal } = settings
    compressedSizeBytes = await writeLines(file, encoder.lines(), { overwrite, signal })
  } catch (error) {
    errors = [`Backup failed; no file was written: ${explain(error)}`, ...encoder.failures.list()]
  }
  const success = errors.length === 0
  const totalSizeBytes = success ? encoder.bytes : 0
  return {
    success,
    backupFile: file,
    keysBackedUp: success ? encoder.keys : 0,
    keysSkipped: 0,
    keysFailed: encoder.failures.count,
    totalSizeBytes,
    compressedSizeBytes,
    compressionRatio: success ? 1 - compressedSizeBytes / totalSizeBytes : 0,
    backupTime: (settings.clock.now() - startedAt) / 1_000,
    errors,
  }
}

/** Encodes a cache as the lines of a backup and counts keys, bytes and failures. */
class SourceEncoder {
  readonly failures = new Failures()
  keys = 0
  bytes = 0
  readonly #source: CacheInterface
  readonly #settings: BackupSettings

  constructor(source: CacheInterface, settings: BackupSettings) {
    this.#source = source
    this.#settings = settings
  }

  /**
   * Yields all lines of the file. A failed key does not stop the iteration, so one run reports every
   * failed key. The iteration then fails before the last line.
   *
   * @throws CacheError (`KEYS_FAILED`) if a key failed, and errors of the listing
   */
  async *lines(): AsyncGenerator<string> {
    const digest = createHash('sha256')
    for await (const line of this.#linesBeforeTrailer()) {
      digest.update(line)
      this.bytes += Buffer.byteLength(line)
      yield line
    }
    if (this.failures.count > 0) {
      throw new CacheError(`${this.failures.count} keys could not be read or encoded`, {
        code: 'KEYS_FAILED',
      })
    }
    const trailer = encodeTrailer({ count: this.keys, sha256: digest.digest('hex') })
    this.bytes += Buffer.byteLength(trailer)
    yield trailer
  }

  async *#linesBeforeTrailer(): AsyncGenerator<string> {
    const { pattern, clock } = this.#settings
    yield encodeHeader({
      createdAt: new Date(clock.wallTime()).toISOString(),
      pattern,
      sourceCacheType: this.#source.constructor.name,
    })
    for await (const entry of this.#source.inspect(pattern)) {
      const line = this.#entryLine(entry, clock)
      if (line !== undefined) yield line
    }
  }

  /** Returns the line of an entry, `undefined` if the entry failed. */
  #entryLine(entry: InspectedEntry, clock: Clock): string | undefined {
    const { key } = entry
    try {
      if ('error' in entry) throw entry.error
      const { value, ttl } = entry
      const expiresAt = ttl === null ? null : Math.round(clock.wallTime() + ttl * 1_000)
      const line = encodeEntry({ key, value, expiresAt })
      this.keys++
      return line
    } catch (error) {
      this.failures.add(key, error)
      return undefined
    }
  }
}
