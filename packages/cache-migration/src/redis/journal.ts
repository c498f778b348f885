import { type FileHandle, open } from 'node:fs/promises'
import { CacheError } from '@verbatim/cache-core'
import type { KeyRing } from '@verbatim/cache-redis'
import { errorCode, type FailureReport } from '../failures.js'
import { syncFolderOf } from '../file/atomic-file.js'
import { ChunkWriter } from '../file/chunk-writer.js'
import { DEFAULT_COMPRESSION } from '../file/compression.js'
import {
  assertTarget,
  type JournalFile,
  JournalReader,
  type JournalStep,
  otherRun,
  type RunDescription,
  sharesOne,
} from './journal-reader.js'

/** The end of an interrupted run. */
export interface ResumedRun {
  readonly journal: Journal
  /** The last step; `undefined` if there is none. */
  readonly last: JournalStep | undefined
  /** The keys that failed before the last step. The step itself is repeated. */
  readonly failed: readonly FailureReport[]
}

/**
 * The record of a run, from which the run can be resumed and rolled back. It is a file of the format of
 * backups with two chunks for each step. A step is on disk before the target is changed.
 */
export class Journal {
  readonly #writer: ChunkWriter
  readonly #handle: FileHandle

  private constructor(writer: ChunkWriter, handle: FileHandle) {
    this.#writer = writer
    this.#handle = handle
  }

  /**
   * Creates a journal.
   *
   * @throws CacheError (`JOURNAL_EXISTS`) if the file exists
   */
  static async create(
    { path, keys }: JournalFile,
    run: RunDescription,
    now: number,
  ): Promise<Journal> {
    const handle = await open(path, 'wx', 0o600).catch((error: unknown) => {
      throw errorCode(error) === 'EEXIST' ? journalExists() : error
    })
    const journal = new Journal(await startWriter(handle, keys, run, now), handle)
    await syncFolderOf(path)
    return journal
  }

  /**
   * Opens the journal of an interrupted run. Removes a step that was not completely written; the run had not
   * changed the target for it.
   *
   * @throws CacheError (`NOTHING_TO_RESUME`) if the file does not exist, CacheError (`OTHER_RUN`) if it belongs to
   * another run, and SerializationError (`BAD_BACKUP`) if it is damaged
   */
  static async resume(file: JournalFile, run: RunDescription, now: number): Promise<ResumedRun> {
    const reader = await JournalReader.open(file, 'r+').catch((error: unknown) => {
      throw errorCode(error) === 'ENOENT' ? nothingToResume() : error
    })
    const { handle } = reader
    try {
      const { last, failed } = await reader.readEnd()
      if (reader.run === undefined) {
        await handle.truncate()
        const writer = await startWriter(handle, file.keys, run, now)
        return { journal: new Journal(writer, handle), last, failed }
      }
      assertSameRun(reader.run, run)
      const writer = await ChunkWriter.resume(handle, reader.chunks)
      return { journal: new Journal(writer, handle), last, failed }
    } catch (error) {
      await handle.close()
      throw error
    }
  }

  /** Writes a step to disk. */
  async append({ records, before, position }: JournalStep): Promise<void> {
    await this.#writer.append(records, 0)
    await this.#writer.append(before, 0)
    await this.#writer.appendPosition(position)
    await this.#writer.flush()
    await this.#handle.datasync()
  }

  /** Marks the run as complete. */
  async finish(): Promise<void> {
    await this.#writer.finish()
    await this.#handle.sync()
  }

  async close(): Promise<void> {
    await this.#writer.settled()
    await this.#handle.close()
  }
}

function assertSameRun(earlier: RunDescription, run: RunDescription): void {
  if (earlier.operation !== run.operation) throw otherRun('command')
  if (earlier.source !== run.source) {
    throw otherRun(run.operation === 'copy' ? 'pattern' : 'backup')
  }
  if (earlier.conflict !== run.conflict) throw otherRun('conflict policy')
  // The place in a source means nothing in another one.
  if (run.operation === 'copy' && !sharesOne(earlier.sourceData, run.sourceData)) {
    throw otherRun('source, or its source has been restarted')
  }
  assertTarget(earlier, run.target)
}

function startWriter(
  handle: FileHandle,
  keys: KeyRing | undefined,
  run: RunDescription,
  now: number,
): Promise<ChunkWriter> {
  const header = {
    createdAt: new Date(now).toISOString(),
    pattern: JSON.stringify(run),
    sourceCacheType: 'journal',
    mode: 'journal',
  } as const
  return ChunkWriter.start(handle, header, { compression: DEFAULT_COMPRESSION, keys })
}

function journalExists(): CacheError {
  return new CacheError(
    'the journal exists: resume its run, or move the file away if you do not need it',
    { code: 'JOURNAL_EXISTS' },
  )
}

function nothingToResume(): CacheError {
  return new CacheError('no interrupted run has written this journal: the file does not exist', {
    code: 'NOTHING_TO_RESUME',
  })
}
