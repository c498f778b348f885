import { CacheError, type Clock } from '@verbatim/cache-core'
import type { KeyRing } from '@verbatim/cache-redis'
import { explain, type FailureReport, NO_KEYS } from '../failures.js'
import { assertNotInterrupted } from '../file/atomic-file.js'
import { invalidBackup } from '../file/backup.js'
import { type OpenBackup, openBackup, readWhole } from '../file/backup-reader.js'
import { ChunkReader } from '../file/chunk-reader.js'
import { withLock } from '../file/lock.js'
import { type OnProgress, ProgressCounter } from '../progress.js'
import type { MigrationResult, RestoreResult } from '../results.js'
import { Journal } from './journal.js'
import { type JournalStep, type RunDescription, sharesOne } from './journal-reader.js'
import type { Pace } from './pace.js'
import {
  batchesOf,
  countOf,
  isResumable,
  type Position,
  readKeyspace,
  readNames,
} from './read-keys.js'
import { type Conflict, groupByMaster, namesOf, RecordWriter } from './record-writer.js'
import type { RedisKeyspace } from './redis-keyspace.js'

/** The checked options of a run that writes into a keyspace. */
export interface RunSettings {
  readonly conflict: Conflict
  readonly journal: string | undefined
  readonly keys: KeyRing | undefined
  readonly resume: boolean
  readonly dryRun: boolean
  readonly onProgress: OnProgress | undefined
  readonly signal: AbortSignal | undefined
  readonly clock: Clock
}

/** The checked options of a copy. */
export interface CopySettings extends RunSettings {
  readonly pattern: string
  readonly pace: Pace
}

/** A batch ends after this many bytes of records. One batch is written in one step. */
const BATCH_BYTES = 128 * 1_024

/** Verifies a backup in raw mode, then writes its keys into a keyspace. */
export async function restoreKeyspace(
  file: string,
  target: RedisKeyspace,
  settings: RunSettings,
): Promise<RestoreResult> {
  const progress = new ProgressCounter(settings.onProgress)
  let backup: OpenBackup | undefined
  const run = await runInto(target, 'Restore', settings, async () => {
    backup = await openBackup(file, settings.keys)
    const { reader } = backup
    if (!(reader instanceof ChunkReader)) throw notRaw()
    // An error can be in the last chunk.
    const { mode } = await readWhole(reader, () => assertNotInterrupted(settings.signal))
    if (mode !== 'raw') throw notRaw()
    progress.total = reader.count
    return {
      // Another file at the same path has another checksum.
      description: { operation: 'restore', source: reader.checksum, sourceData: [] },
      async write(writer, from) {
        const done = typeof from === 'number' ? from : -1
        for await (const { index, count, records } of reader.chunks()) {
          assertNotInterrupted(settings.signal)
          if (index > done) await writer.write(records, index)
          progress.add(count)
        }
      },
    }
  })
  await backup?.[Symbol.asyncDispose]()
  const { written, skipped, expired } = run.writer.counts
  const keysFailed = run.writer.failures.count
  return {
    success: run.errors.length === 0,
    backupFile: file,
    keysRestored: written,
    keysSkipped: skipped,
    keysExpired: expired,
    keysFailed,
    successRate: written === 0 ? 0 : (written / (written + keysFailed)) * 100,
    restoreTime: run.seconds,
    canResume: run.canResume,
    errors: run.errors,
  }
}

/** Copies the keys of a keyspace to another one. */
export async function copyKeyspace(
  source: RedisKeyspace,
  target: RedisKeyspace,
  settings: CopySettings,
): Promise<MigrationResult> {
  let chunks = 0
  const { pattern, pace, signal } = settings
  const progress = new ProgressCounter(settings.onProgress)
  const run = await runInto(target, 'Copy', settings, async () => {
    await source.connect()
    const { data } = await source.identities()
    return {
      description: { operation: 'copy', source: pattern, sourceData: data },
      toPortable: (records) => readPortable(source, records),
      async write(writer, at) {
        const from = at as Position | undefined
        // The keys of an interrupted run are not counted again.
        progress.total = from === undefined ? await countOf(source, pattern) : undefined
        const pages = readKeyspace(source, { pattern, pace, form: 'dump', from, signal })
        for await (const { records, count, position } of batchesOf(pages, BATCH_BYTES)) {
          assertNotInterrupted(signal)
          chunks++
          await writer.write(records, position)
          progress.add(count)
        }
      },
    }
  })
  const { written, skipped, expired } = run.writer.counts
  const keysFailed = run.writer.failures.count
  const keysProcessed = written + skipped + expired + keysFailed
  return {
    success: run.errors.length === 0,
    keysProcessed,
    keysMigrated: written,
    keysSkipped: skipped,
    keysExpired: expired,
    keysFailed,
    keysForeign: 0,
    successRate: keysProcessed === 0 ? 0 : (written / keysProcessed) * 100,
    chunksProcessed: chunks,
    migrationTime: run.seconds,
    canResume: run.canResume,
    errors: run.errors,
    warnings: keysProcessed === 0 && run.errors.length === 0 && !settings.resume ? [NO_KEYS] : [],
  }
}

/** The source of a run, after everything was checked. */
interface RunSource {
  readonly description: Omit<RunDescription, 'target' | 'conflict'>
  /** Returns keys that the target cannot read in a form that every version of Redis can read. */
  readonly toPortable?: (records: Buffer) => Promise<Buffer>
  /** @param from - the place at which an interrupted run continues */
  readonly write: (writer: RecordWriter, from: unknown) => Promise<void>
}

interface Run {
  readonly writer: RecordWriter
  readonly errors: readonly string[]
  readonly canResume: boolean
  readonly seconds: number
}

/**
 * Checks everything, then writes. The journal exists before the first write.
 *
 * @param openSource - writes nothing
 */
async function runInto(
  target: RedisKeyspace,
  name: 'Copy' | 'Restore',
  settings: RunSettings,
  openSource: () => Promise<RunSource>,
): Promise<Run> {
  const { conflict, journal: path, keys, resume, dryRun, clock } = settings
  const startedAt = clock.now()
  const file = path === undefined || dryRun ? undefined : { path, keys }
  let journal: Journal | undefined
  let writer = new RecordWriter({ target, conflict, journal, dryRun })
  const errors: string[] = []
  let canResume = false
  const run = async (): Promise<void> => {
    await target.connect()
    const { description, toPortable, write } = await openSource()
    const about = { ...description, conflict, target: await target.identities() }
    if (sharesOne(about.sourceData, about.target.data)) throw sameTarget()
    let last: JournalStep | undefined
    let failed: readonly FailureReport[] = []
    if (file !== undefined && resume) {
      ;({ journal, last, failed } = await Journal.resume(file, about, clock.wallTime()))
    } else if (file !== undefined) journal = await Journal.create(file, about, clock.wallTime())
    writer = new RecordWriter({ target, conflict, journal, dryRun, toPortable })
    for (const each of failed) writer.failures.addEarlier(each)
    if (last !== undefined) await writer.repeat(last)
    await write(writer, last?.position.at)
    await writer.recordFailures()
    await journal?.finish()
  }
  try {
    await (file === undefined ? run() : withLock(file.path, run))
    if (writer.failures.count > 0) {
      errors.push(`${name} incomplete: ${writer.failures.count} keys could not be written`)
    }
  } catch (error) {
    const { written } = writer.counts
    errors.push(`${name} failed${written === 0 ? '' : ` after ${written} keys`}: ${explain(error)}`)
    canResume = journal !== undefined && isResumable(error)
  } finally {
    await journal?.close()
  }
  errors.push(...writer.failures.list())
  return { writer, errors, canResume, seconds: (clock.now() - startedAt) / 1_000 }
}

/** Reads keys again, as commands that every version of Redis has. */
async function readPortable(source: RedisKeyspace, records: Buffer): Promise<Buffer> {
  const parts: Buffer[] = []
  for (const group of groupByMaster(source, records)) {
    const page = await readNames(source, group.master, namesOf(group.records), 'commands')
    parts.push(page.records)
  }
  return Buffer.concat(parts)
}

function sameTarget(): CacheError {
  return new CacheError('the target is the source', { code: 'SAME_TARGET' })
}

function notRaw(): Error {
  return invalidBackup('the file is a backup of a cache; restore it into a cache')
}
