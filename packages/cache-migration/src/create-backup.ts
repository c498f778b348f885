import type { FileHandle } from 'node:fs/promises'
import { CacheError, type Clock, type InspectedEntry } from '@verbatim/cache-core'
import { classNameOf } from '@verbatim/cache-core/implement'
import type { KeyRing } from '@verbatim/cache-redis'
import { errorCode, explain, Unreadable } from './failures.js'
import { writeFileAtomically } from './file/atomic-file.js'
import { ChunkWriter } from './file/chunk-writer.js'
import type { Compression } from './file/compression.js'
import { encodeEntry } from './file/records.js'
import { type OnProgress, ProgressCounter } from './progress.js'
import type { BackupResult } from './results.js'
import type { MigrationSource } from './write-entries.js'

/** The checked options of a backup. */
export interface BackupSettings {
  readonly pattern: string
  readonly overwrite: boolean
  readonly compression: Compression
  readonly keys: KeyRing | undefined
  readonly allowEmpty: boolean
  readonly allowForeign: boolean
  readonly onProgress: OnProgress | undefined
  readonly signal: AbortSignal | undefined
  readonly clock: Clock
}

/** A chunk ends after this many bytes of records. */
const CHUNK_BYTES = 256 * 1_024

const FAILED = 'Backup failed; no file was written: '
const FOREIGN_KEYS = 'FOREIGN_KEYS'

/** Writes the entries of a cache to a file, or no file at all. */
export async function createBackup(
  source: MigrationSource,
  file: string,
  settings: BackupSettings,
): Promise<BackupResult> {
  const startedAt = settings.clock.now()
  const encoder = new SourceEncoder(source, settings)
  let writer: ChunkWriter | undefined
  let errors: string[] = []
  try {
    writer = await writeFileAtomically(file, settings, (handle) => encoder.writeTo(handle))
  } catch (error) {
    // The report about foreign keys has a line of its own.
    if (errorCode(error) !== FOREIGN_KEYS) errors = [`${FAILED}${explain(error)}`]
  }
  const { entries, foreign } = encoder.unreadable
  const report = encoder.unreadable.reportForeign(FAILED, settings.allowForeign)
  const { count = 0, plainBytes = 0, storedBytes = 0 } = writer ?? {}
  return {
    success: writer !== undefined,
    backupFile: file,
    keysBackedUp: count,
    keysSkipped: 0,
    keysFailed: entries.count,
    keysForeign: foreign.count,
    totalSizeBytes: plainBytes,
    compressedSizeBytes: storedBytes,
    compressionRatio: plainBytes === 0 ? 0 : 1 - storedBytes / plainBytes,
    backupTime: (settings.clock.now() - startedAt) / 1_000,
    canResume: false,
    errors: [...errors, ...entries.list(), ...report.errors],
    warnings: report.warnings,
  }
}

/** Returns the error for a backup without keys. */
export function emptyBackup(): CacheError {
  return new CacheError(
    'no key matches; check the pattern and the key prefix, or allow an empty backup',
    {
      code: 'EMPTY_BACKUP',
    },
  )
}

/** Encodes the entries of a cache and counts the failures. */
class SourceEncoder {
  readonly unreadable = new Unreadable()
  readonly #source: MigrationSource
  readonly #settings: BackupSettings

  constructor(source: MigrationSource, settings: BackupSettings) {
    this.#source = source
    this.#settings = settings
  }

  /**
   * Writes a whole backup. A failed key does not stop the listing, so one run names every failed key.
   *
   * @throws CacheError (`KEYS_FAILED`, `FOREIGN_KEYS`) if a key failed, and errors of the listing and of the file
   */
  async writeTo(handle: FileHandle): Promise<ChunkWriter> {
    const { pattern, clock, compression, keys, onProgress } = this.#settings
    const progress = new ProgressCounter(onProgress)
    const header = {
      createdAt: new Date(clock.wallTime()).toISOString(),
      pattern,
      sourceCacheType: classNameOf(this.#source),
      mode: 'typed',
    } as const
    const writer = await ChunkWriter.start(handle, header, { compression, keys })
    for await (const records of this.#chunks()) {
      await writer.append(Buffer.concat(records), records.length)
      progress.add(records.length)
    }
    const { entries, foreign } = this.unreadable
    if (entries.count > 0) {
      throw new CacheError(`${entries.count} keys could not be read or encoded`, {
        code: 'KEYS_FAILED',
      })
    }
    if (writer.count === 0 && !this.#settings.allowEmpty) throw emptyBackup()
    if (foreign.count > 0 && !this.#settings.allowForeign) {
      throw new CacheError('the store has keys that are not entries of the cache', {
        code: FOREIGN_KEYS,
      })
    }
    await writer.finish()
    return writer
  }

  async *#chunks(): AsyncGenerator<Buffer[]> {
    let records: Buffer[] = []
    let bytes = 0
    const entries = this.#source.inspect(this.#settings.pattern, { includeForeign: true })
    for await (const entry of entries) {
      const record = this.#encode(entry)
      if (record === undefined) continue
      records.push(record)
      bytes += record.length
      if (bytes < CHUNK_BYTES) continue
      yield records
      records = []
      bytes = 0
    }
    if (records.length > 0) yield records
  }

  /** Returns the record of an entry, `undefined` if the entry failed. */
  #encode(entry: InspectedEntry): Buffer | undefined {
    const { key } = entry
    try {
      if ('error' in entry) throw entry.error
      const { value, ttl } = entry
      const now = this.#settings.clock.wallTime()
      const expiresAt = ttl === null ? null : Math.round(now + ttl * 1_000)
      return encodeEntry({ key, value, expiresAt })
    } catch (error) {
      this.unreadable.add(key, error)
      return undefined
    }
  }
}
