import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { CacheError, type Clock } from '@verbatim/cache-core'
import type { KeyRing } from '@verbatim/cache-redis'
import { emptyBackup } from '../create-backup.js'
import { errorCode, explain, Failures, nameOf } from '../failures.js'
import { assertNotInterrupted, linkNew, syncFolderOf } from '../file/atomic-file.js'
import { ChunkReader } from '../file/chunk-reader.js'
import { ChunkWriter } from '../file/chunk-writer.js'
import type { Compression } from '../file/compression.js'
import { withLock } from '../file/lock.js'
import { decodeRecords, UNREADABLE } from '../file/records.js'
import { findTarget, openRegular, pathExists } from '../file/target-file.js'
import { type OnProgress, ProgressCounter } from '../progress.js'
import type { BackupResult } from '../results.js'
import type { Pace } from './pace.js'
import { batchesOf, countOf, isResumable, type Position, readKeyspace } from './read-keys.js'
import type { RedisKeyspace } from './redis-keyspace.js'

/** The checked options of a backup in raw mode. */
export interface RawBackupSettings {
  readonly pattern: string
  readonly overwrite: boolean
  readonly resume: boolean
  readonly allowEmpty: boolean
  readonly portable: boolean
  readonly compression: Compression
  readonly keys: KeyRing | undefined
  readonly pace: Pace
  readonly onProgress: OnProgress | undefined
  readonly signal: AbortSignal | undefined
  readonly clock: Clock
}

/** A chunk ends after this many bytes of records. */
const CHUNK_BYTES = 256 * 1_024
/** The end of the name of an incomplete backup, if an earlier file has the name of the backup. */
const INCOMPLETE = '.incomplete'

/**
 * Writes every key of a keyspace to a file. The backup grows in `<file>.partial`, and a later call can resume
 * it. Keys that cannot be read are in the file by name, and the result is a failure.
 */
export async function backUpKeyspace(
  source: RedisKeyspace,
  file: string,
  settings: RawBackupSettings,
): Promise<BackupResult> {
  const startedAt = settings.clock.now()
  const failures = new Failures()
  let writer: ChunkWriter | undefined
  let errors: string[] = []
  let startedFile: string | undefined
  let canResume = false
  try {
    await source.connect()
    const target = await findTarget(file, settings.overwrite)
    const partial = `${target}.partial`
    await withLock(partial, async () => {
      const written = await writePartial(source, partial, settings, failures, () => {
        startedFile = partial
      })
      const place = await placeFor(target, settings.overwrite, failures.count > 0)
      if (settings.overwrite) await rename(partial, place)
      else {
        await linkNew(partial, place)
        await rm(partial)
      }
      await syncFolderOf(place)
      if (place === target) writer = written
    })
    if (failures.count > 0) errors = incomplete(failures, writer === undefined)
  } catch (error) {
    errors = [`Backup failed: ${explain(error)}`]
    writer = undefined
    canResume = startedFile !== undefined && isResumable(error) && (await pathExists(startedFile))
  }
  const { count = 0, plainBytes = 0, storedBytes = 0 } = writer ?? {}
  return {
    success: errors.length === 0,
    backupFile: file,
    keysBackedUp: count - (count === 0 ? 0 : failures.count),
    keysSkipped: 0,
    keysFailed: failures.count,
    keysForeign: 0,
    totalSizeBytes: plainBytes,
    compressedSizeBytes: storedBytes,
    compressionRatio: plainBytes === 0 ? 0 : 1 - storedBytes / plainBytes,
    backupTime: (settings.clock.now() - startedAt) / 1_000,
    canResume,
    errors,
    warnings: [],
  }
}

/** Returns the path of a backup. An incomplete one does not replace an earlier file, which may be complete. */
async function placeFor(
  target: string,
  overwrite: boolean,
  isIncomplete: boolean,
): Promise<string> {
  const spares = overwrite && isIncomplete && (await pathExists(target))
  return spares ? `${target}${INCOMPLETE}` : target
}

function incomplete(failures: Failures, isSpared: boolean): string[] {
  const place = isSpared
    ? `; the earlier file stays, and the incomplete backup has the suffix ${INCOMPLETE}`
    : ''
  const summary = `Backup incomplete: ${failures.count} keys could not be read${place}`
  return [summary, ...failures.list()]
}

async function writePartial(
  source: RedisKeyspace,
  partial: string,
  settings: RawBackupSettings,
  failures: Failures,
  onStarted: () => void,
): Promise<ChunkWriter> {
  const opening = settings.resume
    ? openRegular(partial, 'a regular file', 'r+')
    : open(partial, 'wx', 0o600)
  const handle = await opening.catch((error: unknown) => {
    throw explainPartial(error)
  })
  try {
    const { writer, from } = settings.resume
      ? await resumePartial(handle, settings, failures)
      : { writer: await startPartial(handle, settings), from: undefined }
    onStarted()
    await writeChunks(source, writer, from, settings, failures)
    if (writer.count === 0 && !settings.allowEmpty) {
      await rm(partial)
      throw emptyBackup()
    }
    await writer.finish()
    await handle.sync()
    return writer
  } finally {
    await handle.close()
  }
}

function startPartial(
  handle: FileHandle,
  { clock, pattern, compression, keys }: RawBackupSettings,
): Promise<ChunkWriter> {
  const header = {
    createdAt: new Date(clock.wallTime()).toISOString(),
    pattern,
    sourceCacheType: 'RedisKeyspace',
    mode: 'raw',
  } as const
  return ChunkWriter.start(handle, header, { compression, keys })
}

/** Continues after the last position in the file. */
async function resumePartial(
  handle: FileHandle,
  settings: RawBackupSettings,
  failures: Failures,
): Promise<{ readonly writer: ChunkWriter; readonly from: Position | undefined }> {
  const reader = new ChunkReader(handle, settings.keys)
  let from: Position | undefined
  for await (const item of reader.items({ partial: true })) {
    if ('position' in item) from = item.position as Position
    else addUnreadable(item.records, failures)
  }
  if (reader.header === undefined) {
    await handle.truncate()
    return { writer: await startPartial(handle, settings), from }
  }
  if (reader.header.pattern !== settings.pattern || reader.header.mode !== 'raw') {
    throw new CacheError('the interrupted backup has another pattern', { code: 'OTHER_RUN' })
  }
  return { writer: await ChunkWriter.resume(handle, reader), from }
}

async function writeChunks(
  source: RedisKeyspace,
  writer: ChunkWriter,
  from: Position | undefined,
  { pattern, portable, pace, onProgress, signal }: RawBackupSettings,
  failures: Failures,
): Promise<void> {
  const progress = new ProgressCounter(onProgress)
  progress.total = await countOf(source, pattern)
  progress.add(writer.count)
  const form = portable ? 'commands' : 'dump'
  const pages = readKeyspace(source, { pattern, form, pace, from, signal })
  for await (const batch of batchesOf(pages, CHUNK_BYTES)) {
    assertNotInterrupted(signal)
    if (batch.count > 0) await writer.append(batch.records, batch.count)
    if (!batch.isPart) await writer.appendPosition(batch.position)
    if (batch.unreadable > 0) addUnreadable(batch.records, failures)
    progress.add(batch.count)
  }
}

function addUnreadable(records: Buffer, failures: Failures): void {
  for (const { kind, key, value } of decodeRecords(records)) {
    if (kind === UNREADABLE) failures.addReason(nameOf(key), value.toString())
  }
}

function explainPartial(error: unknown): unknown {
  const code = errorCode(error)
  if (code === 'EEXIST') {
    return new CacheError(
      'an interrupted backup exists in the file .partial: resume or remove it',
      {
        code: 'PARTIAL_EXISTS',
      },
    )
  }
  if (code === 'ENOENT') {
    return new CacheError('no interrupted backup of this file exists, or its folder does not', {
      code: 'NOTHING_TO_RESUME',
    })
  }
  return error
}
