import { createHash } from 'node:crypto'
import { CacheError, type CacheInterface, type Clock } from '@verbatim/cache-core'
import { encodeEntry, encodeHeader, encodeTrailer } from './backup-format.js'
import { writeLines } from './backup-writer.js'
import { chunksOf } from './chunks.js'
import { explain, Failures } from './failures.js'
import type { BackupResult } from './results.js'

export interface BackupSettings {
  readonly pattern: string
  readonly overwrite: boolean
  readonly chunkSize: number
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
    compressedSizeBytes = await writeLines(file, settings.overwrite, reading.lines())
  } catch (error) {
    errors = [`Backup failed, no file was written: ${explain(error)}`, ...reading.failures.list()]
  }
  const success = errors.length === 0
  const totalSizeBytes = success ? reading.bytes : 0
  return {
    success,
    backupFile: file,
    keysBackedUp: success ? reading.keys : 0,
    keysSkipped: reading.skipped,
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
  skipped = 0
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
    const { pattern, chunkSize, clock } = this.#settings
    yield encodeHeader({
      createdAt: new Date(clock.wallTime()).toISOString(),
      pattern,
      sourceCacheType: this.#source.constructor.name,
    })
    for await (const keys of chunksOf(this.#source.scan(pattern), chunkSize)) {
      const lines = await Promise.all(keys.map((key) => this.#entryLine(key)))
      yield* lines.filter((line) => line !== undefined)
    }
  }

  /** Answers `undefined` for a key that is gone or failed. */
  async #entryLine(key: string): Promise<string | undefined> {
    try {
      const value = await this.#source.get(key)
      const secondsLeft = value === undefined ? undefined : await this.#source.getTtl(key)
      if (secondsLeft === undefined) {
        this.skipped++
        return undefined
      }
      const expiresAt =
        secondsLeft === null
          ? null
          : Math.round(this.#settings.clock.wallTime() + secondsLeft * 1_000)
      const line = encodeEntry({ key, value, expiresAt })
      this.keys++
      return line
    } catch (error) {
      this.failures.add(key, error)
      return undefined
    }
  }
}
