import { CacheError, type Clock } from '@verbatim/cache-core'
import type { KeyRing } from '@verbatim/cache-redis'
import { explain } from '../failures.js'
import { assertNotInterrupted } from '../file/atomic-file.js'
import { invalidBackup } from '../file/backup.js'
import { type OpenBackup, openBackup, readWhole } from '../file/backup-reader.js'
import { ChunkReader } from '../file/chunk-reader.js'
import { type OnProgress, ProgressCounter } from '../progress.js'
import type { MigrationResult, RestoreResult } from '../results.js'
import { Journal, type JournalStep, type RunDescription } from './journal.js'
import type { Pace } from './pace.js'
import { batchesOf, countOf, type Position, readKeyspace, readNames } from './read-keys.js'
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
  let backup: OpenBackup | undefined
  const progress = new ProgressCounter(settings.onProgress)
  const run = await runInto(
    target,
    'Restore',
    async () => ({ operation: 'restore', source: file, sourceData: [] }),
    settings,
    async (from) => {
      backup = await openBackup(file, settings.keys)
      const { reader } = backup
      if (!(reader instanceof ChunkReader)) throw notRaw()
      // An error can be in the last chunk.
      const { mode } = await readWhole(reader, () => assertNotInterrupted(settings.signal))
      progress.total = reader.count
      if (mode !== 'raw') throw notRaw()
      const done = typeof from === 'number' ? from : -1
      return async (writer) => {
        for await (const { index, count, records } of reader.chunks()) {
          assertNotInterrupted(settings.signal)
          if (index > done) await writer.write(records, index)
          progress.add(count)
        }
      }
    },
  )
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
  const progress = new ProgressCounter(settings.onProgress)
  const describe = async (): Promise<Omit<RunDescription, 'target'>> => {
    await source.connect()
    const { data } = await source.identities()
    return { operation: 'copy', source: settings.pattern, sourceData: data }
  }
  const toPortable = (records: Buffer): Promise<Buffer> => readPortable(source, records)
  const run = await runInto(
    target,
    'Copy',
    describe,
    settings,
    async (from) => {
      return async (writer) => {
        const { pattern, pace } = settings
        // The keys of an interrupted run are not counted again.
        progress.total = from === undefined ? await countOf(source, pattern) : undefined
        const pages = readKeyspace(source, {
          pattern,
          pace,
          form: 'dump',
          from: from as Position | undefined,
        })
        for await (const { records, count, position } of batchesOf(pages, BATCH_BYTES)) {
          assertNotInterrupted(settings.signal)
          chunks++
          await writer.write(records, position)
          progress.add(count)
        }
      }
    },
    toPortable,
  )
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
    errors: run.errors,
    warnings: [],
  }
}

interface Run {
  readonly writer: RecordWriter
  readonly errors: readonly string[]
  readonly seconds: number
}

/**
 * Checks everything, then writes: `prepare` writes nothing and returns the function that writes. The journal
 * exists before the first write.
 */
async function runInto(
  target: RedisKeyspace,
  name: 'Copy' | 'Restore',
  describe: () => Promise<Omit<RunDescription, 'target'>>,
  { conflict, journal: path, keys, resume, dryRun, clock }: RunSettings,
  prepare: (from: unknown) => Promise<(writer: RecordWriter) => Promise<void>>,
  toPortable?: (records: Buffer) => Promise<Buffer>,
): Promise<Run> {
  const startedAt = clock.now()
  const file = path === undefined ? undefined : { path, keys }
  let journal: Journal | undefined
  let last: readonly JournalStep[] = []
  let writer = new RecordWriter({ target, conflict, journal, dryRun, toPortable })
  const errors: string[] = []
  try {
    const source = await describe()
    await target.connect()
    const run = { ...source, target: await target.identities() }
    if (run.target.data.some((id) => run.sourceData.includes(id))) throw sameTarget()
    if (file !== undefined && resume) {
      ;({ journal, last } = await Journal.resume(file, run, clock.wallTime()))
    }
    const write = await prepare(last.at(-1)?.position.at)
    if (file !== undefined && !dryRun) {
      journal ??= await Journal.create(file, run, clock.wallTime())
    }
    writer = new RecordWriter({ target, conflict, journal, dryRun, toPortable })
    for (const step of last) await writer.repeat(step)
    await write(writer)
    await journal?.finish()
    if (writer.failures.count > 0) {
      errors.push(`${name} incomplete: ${writer.failures.count} keys could not be written`)
    }
  } catch (error) {
    const { written } = writer.counts
    errors.push(`${name} failed${written === 0 ? '' : ` after ${written} keys`}: ${explain(error)}`)
  } finally {
    await journal?.close()
  }
  errors.push(...writer.failures.list())
  return { writer, errors, seconds: (clock.now() - startedAt) / 1_000 }
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
