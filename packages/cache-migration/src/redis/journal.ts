import { type FileHandle, open } from 'node:fs/promises'
import { CacheError } from '@verbatim/cache-core'
import type { KeyRing } from '@verbatim/cache-redis'
import { errorCode } from '../failures.js'
import { type BackupHeader, invalidBackup } from '../file/backup.js'
import { type Chunk, ChunkReader } from '../file/chunk-reader.js'
import { ChunkWriter } from '../file/chunk-writer.js'
import { DEFAULT_COMPRESSION } from '../file/compression.js'
import type { KeyspaceIdentities } from './redis-keyspace.js'

/** One step of a run: what it was about to write, and the states before. */
export interface JournalStep {
  /** The records that the run writes. */
  readonly records: Buffer
  /** The states of the same keys before, in the same order. */
  readonly before: Buffer
  readonly position: StepPosition
}

/** The place of a step in its run. */
export interface StepPosition {
  /** The place in the source after this step. */
  readonly at: unknown
  /** Whether the step repeats keys of the step before, because other clients had changed the keys. */
  readonly isRetry: boolean
}

/** The operation of a run, its source and its target. A run is resumed and rolled back only with the same. */
export interface RunDescription {
  readonly operation: 'restore' | 'copy'
  /** The path of the file of a restore, and the pattern of a copy. */
  readonly source: string
  /** The servers of the source of a copy. A rollback never changes them. */
  readonly sourceData: readonly string[]
  readonly target: KeyspaceIdentities
}

/** The file of a journal. */
export interface JournalFile {
  readonly path: string
  /** Encrypts the journal. */
  readonly keys: KeyRing | undefined
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
    return new Journal(await startWriter(handle, keys, run, now), handle)
  }

  /**
   * Opens the journal of an interrupted run. Removes a step that was not completely written; the run had not
   * changed the target for it.
   *
   * @returns the journal, and its last step with the retries of that step
   * @throws CacheError (`OTHER_RUN`) if the journal belongs to another run
   */
  static async resume(
    { path, keys }: JournalFile,
    run: RunDescription,
    now: number,
  ): Promise<{ readonly journal: Journal; readonly last: readonly JournalStep[] }> {
    const handle = await open(path, 'r+')
    try {
      const reader = new ChunkReader(handle, keys)
      let last: JournalStep[] = []
      for await (const step of stepsOf(reader))
        last = step.position.isRetry ? [...last, step] : [step]
      if (reader.header === undefined) {
        await handle.truncate()
        return { journal: new Journal(await startWriter(handle, keys, run, now), handle), last }
      }
      const earlier = describedBy(reader.header)
      if (earlier.operation !== run.operation || earlier.source !== run.source) {
        throw otherRun('source')
      }
      assertTarget(earlier, run.target)
      return { journal: new Journal(await ChunkWriter.resume(handle, reader), handle), last }
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

/** Yields the steps of a journal in their order, without a last step that is incomplete. */
export async function* readSteps({ path, keys }: JournalFile): AsyncGenerator<JournalStep> {
  const handle = await open(path)
  try {
    yield* stepsOf(new ChunkReader(handle, keys))
  } finally {
    await handle.close()
  }
}

/**
 * Checks that a keyspace is the target of the run of a journal.
 *
 * @throws CacheError (`OTHER_RUN`) for another keyspace. A rollback on the source would delete what was copied
 */
export async function assertTargetOf(
  { path, keys }: JournalFile,
  target: KeyspaceIdentities,
): Promise<void> {
  const handle = await open(path)
  try {
    const reader = new ChunkReader(handle, keys)
    // The header is read before the first step. A journal without a header has no steps.
    await stepsOf(reader).next()
    if (reader.header !== undefined) assertTarget(describedBy(reader.header), target)
  } finally {
    await handle.close()
  }
}

function assertTarget(run: RunDescription, target: KeyspaceIdentities): void {
  const share = (one: readonly string[], two: readonly string[]): boolean =>
    one.some((id) => two.includes(id))
  if (share(run.sourceData, target.data)) throw otherRun('target: this is its source')
  const isSame =
    share(run.target.data, target.data) || share(run.target.addresses, target.addresses)
  if (!isSame) throw otherRun('target')
}

function describedBy({ mode, pattern }: BackupHeader): RunDescription {
  if (mode !== 'journal') throw invalidBackup('the file is not a journal')
  return JSON.parse(pattern) as RunDescription
}

async function* stepsOf(reader: ChunkReader): AsyncGenerator<JournalStep> {
  let parts: Chunk[] = []
  for await (const item of reader.items({ partial: true })) {
    if (reader.header?.mode !== 'journal') throw invalidBackup('the file is not a journal')
    if ('records' in item) {
      parts.push(item)
      continue
    }
    const [records, before] = parts
    parts = []
    if (records === undefined || before === undefined) throw invalidBackup('a step has no records')
    yield {
      records: records.records,
      before: before.records,
      position: item.position as StepPosition,
    }
  }
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

function otherRun(part: string): CacheError {
  return new CacheError(`the journal belongs to a run with another ${part}`, { code: 'OTHER_RUN' })
}
