import type { FileHandle } from 'node:fs/promises'
import { CacheError } from '@verbatim/cache-core'
import type { KeyRing } from '@verbatim/cache-redis'
import type { FailureReport } from '../failures.js'
import { invalidBackup } from '../file/backup.js'
import { type Chunk, ChunkReader, type ResumePoint } from '../file/chunk-reader.js'
import { hasChunkBehind } from '../file/find-chunk.js'
import { type BinaryRecord, decodeRecords, encodeAll, idOf } from '../file/records.js'
import { openRegular } from '../file/target-file.js'
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
interface StepPosition {
  /** The place in the source after this step. */
  readonly at: unknown
  /** Whether the step repeats keys of the step before, because they could not be written as they were. */
  readonly isRetry: boolean
  /** The keys that failed since the step before. */
  readonly failed?: FailureReport | undefined
}

/**
 * The operation of a run, its source and its target. A run is resumed only with the same, and rolled back only on
 * the same target.
 */
export interface RunDescription {
  readonly operation: 'restore' | 'copy'
  /** The checksum of the file of a restore, and the pattern of a copy. */
  readonly source: string
  readonly conflict: string
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

/** Chunks of a step: the records, the states before, and a position. */
const CHUNKS_OF_STEP = 3

/** A step and the retries of it that follow. */
export interface StepGroup {
  readonly from: ResumePoint
  /** Position of the chunk after the group. */
  readonly to: number
  /** Number of records in the group. */
  readonly keys: number
}

/** Reads the steps of a journal, without a last step that is incomplete. */
export class JournalReader implements AsyncDisposable {
  readonly handle: FileHandle
  readonly chunks: ChunkReader

  private constructor(handle: FileHandle, chunks: ChunkReader) {
    this.handle = handle
    this.chunks = chunks
  }

  /** @throws errors of the file system, and CacheError (`NOT_A_FILE`) */
  static async open({ path, keys }: JournalFile, flags: 'r' | 'r+' = 'r'): Promise<JournalReader> {
    const handle = await openRegular(path, 'a regular file', flags)
    return new JournalReader(handle, new ChunkReader(handle, keys))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.handle.close()
  }

  /** The description of the run, after the header was read. A file that ends before has none, and no steps. */
  get run(): RunDescription | undefined {
    const { header } = this.chunks
    if (header === undefined) return undefined
    if (header.mode !== 'journal') throw notAJournal()
    // Earlier releases did not write the policy.
    return { conflict: 'skip', ...(JSON.parse(header.pattern) as Omit<RunDescription, 'conflict'>) }
  }

  /**
   * Reads the whole journal.
   *
   * @returns the last step with the latest attempt for each of its keys, and the failures before it
   * @throws SerializationError (`BAD_BACKUP`)
   */
  async readEnd(): Promise<{
    readonly last: JournalStep | undefined
    readonly failed: readonly FailureReport[]
  }> {
    let steps: JournalStep[] = []
    const failed: FailureReport[] = []
    for await (const step of this.#steps()) {
      if (step.position.isRetry) steps.push(step)
      else {
        // Failures of a step that is not the last one are not found again.
        for (const { position } of [...steps.slice(1), step]) {
          if (position.failed !== undefined) failed.push(position.failed)
        }
        steps = [step]
      }
    }
    return { last: steps.length === 0 ? undefined : latestAttempts(steps), failed }
  }

  /**
   * Reads the whole journal, and returns the places of its steps.
   *
   * @throws SerializationError (`BAD_BACKUP`)
   */
  async survey(): Promise<readonly StepGroup[]> {
    const groups: StepGroup[] = []
    let from: ResumePoint | undefined
    for await (const { records, position } of this.#steps()) {
      from ??= this.chunks.start
      const to = this.chunks.lastPosition
      const previous = position.isRetry ? groups.pop() : undefined
      const keys = [...decodeRecords(records)].length + (previous?.keys ?? 0)
      groups.push({ from: previous?.from ?? from, to: to.index, keys })
      from = to
    }
    return groups
  }

  /** Reads a step again, with the latest attempt for each of its keys. */
  async read({ from, to }: StepGroup): Promise<JournalStep> {
    const steps: JournalStep[] = []
    for await (const step of stepsIn(this.chunks.itemsBetween(from, to))) steps.push(step)
    return latestAttempts(steps)
  }

  async *#steps(): AsyncGenerator<JournalStep> {
    const { chunks } = this
    for await (const step of stepsIn(chunks.items({ partial: true }))) {
      if (chunks.header?.mode !== 'journal') throw notAJournal()
      yield step
    }
    // A run that was killed leaves at most part of a step at the end, because each step is on disk before the next.
    if (chunks.isComplete || chunks.header === undefined) return
    const { offset, index } = chunks.lastPosition
    if (await hasChunkBehind(this.handle, offset, index + CHUNKS_OF_STEP)) {
      const steps = index / CHUNKS_OF_STEP
      throw invalidBackup(`the journal is damaged after ${steps} steps`)
    }
  }
}

/**
 * Checks that a keyspace is the target of a run.
 *
 * @throws CacheError (`OTHER_RUN`) for another keyspace. A rollback on the source would delete what was copied
 */
export function assertTarget(run: RunDescription, target: KeyspaceIdentities): void {
  if (sharesOne(run.sourceData, target.data)) throw otherRun('target: this is its source')
  const isSame =
    sharesOne(run.target.data, target.data) || sharesOne(run.target.addresses, target.addresses)
  if (!isSame) throw otherRun('target')
}

/** Returns whether two lists have a text in common. */
export function sharesOne(one: readonly string[], two: readonly string[]): boolean {
  return one.some((text) => two.includes(text))
}

/** Returns the error for a journal of another run. */
export function otherRun(part: string): CacheError {
  return new CacheError(`the journal belongs to a run with another ${part}`, { code: 'OTHER_RUN' })
}

function notAJournal(): Error {
  return invalidBackup('the file is not a journal')
}

async function* stepsIn(
  items: AsyncIterable<Chunk | { readonly position: unknown }>,
): AsyncGenerator<JournalStep> {
  let parts: Chunk[] = []
  for await (const item of items) {
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

/** Joins a step and its retries. Only the latest attempt of a key counts: it has the state before the write. */
function latestAttempts(steps: readonly JournalStep[]): JournalStep {
  const [first] = steps
  if (steps.length === 1 && first !== undefined) return first
  const visited = new Set<string>()
  const records: BinaryRecord[] = []
  const before: BinaryRecord[] = []
  for (const step of steps.toReversed()) {
    const states = [...decodeRecords(step.before)]
    const attempts = [...decodeRecords(step.records)]
    for (const [at, record] of attempts.entries()) {
      if (visited.has(idOf(record))) continue
      records.push(record)
      before.push(states[at] as BinaryRecord)
    }
    for (const record of attempts) visited.add(idOf(record))
  }
  const { position } = steps.at(-1) as JournalStep
  return { records: encodeAll(records), before: encodeAll(before), position }
}
