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

export interface BackupSettings {
  readonly pattern: string
  readonly overwrite: boolean
  readonly signal: AbortSignal | undefined
  readonly clock: Clock
}

export async function createBackup(
  source: CacheInterface,
  file: string,
  settings: BackupSettings,
): Promise<BackupResult> {
  const startedAt = settings.clock.now()
  const reading = new SourceReading(source, settings)
  let compressedSizeBytes = 0
  let errors: string[] = []
  try {
    const { overwrite, signal } = settings
    compressedSizeBytes = await writeLines(file, reading.lines(), { overwrite, signal })
  } catch (error) {
    errors = [`Backup failed, no file was written: ${explain(error)}`, ...reading.failures.list()]
  }
  const success = errors.length === 0
  const totalSizeBytes = success ? reading.bytes : 0
  return {
    success,
    backupFile: file,
    keysBackedUp: success ? reading.keys : 0,
    keysSkipped: 0,
    keysFailed: reading.failures.count,
    totalSizeBytes,
    compressedSizeBytes,
    compressionRatio: success ? 1 - compressedSizeBytes / totalSizeBytes : 0,
    backupTime: (settings.clock.now() - startedAt) / 1_000,
    errors,
  }
}

/** Turns a cache into the lines of a backup, and counts. */
class SourceReading {
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
   * All lines of the file. A failing key does not end it at once, so that one run names them all,
   * but ends it before the last line.
   *
   * @throws CacheError (`KEYS_FAILED`) when a key failed, and whatever listing the keys throws
   */
  async *lines(): AsyncGenerator<string> {
    const digest = createHash('sha256')
    for await (const line of this.#linesBeforeTrailer()) {
      digest.update(line)
      this.bytes += Buffer.byteLength(line)
      yield line
    }
    if (this.failures.count > 0) {
      throw new CacheError(`keys that could not be read or written down: ${this.failures.count}`, {
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

  /** @returns `undefined` for an entry that failed */
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
