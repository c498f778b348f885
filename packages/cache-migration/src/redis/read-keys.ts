import { CacheError, InfrastructureError } from '@verbatim/cache-core'
import type { Redis } from 'ioredis'
import { errorCode } from '../failures.js'
import { assertNotInterrupted } from '../file/atomic-file.js'
import { DUMP, encodeRecord, NEVER, UNREADABLE } from '../file/records.js'
import type { Pace } from './pace.js'
import type { RedisKeyspace } from './redis-keyspace.js'
import { READ_SCRIPT } from './scripts.js'

/** The form of the records that a read returns; see the script. */
export type RecordForm = 'dump' | 'commands' | 'digest' | 'before'

/** A place in the listing of a keyspace. A listing can continue there. */
export interface Position {
  /** The master, or `''` without a Cluster. */
  readonly node: string
  /** The cursor of SCAN for the next page, or `'end'`. */
  readonly cursor: string
  /** The epoch of the listing, in which the cursor is valid; see `RedisKeyspace.scanEpochOf`. */
  readonly epoch: string
}

/** Keys that were read in one step. */
export interface Page {
  readonly records: Buffer
  readonly count: number
  /** Number of records of keys that could not be read. */
  readonly unreadable: number
  /** Number of keys that were deleted or that expired after Redis listed them. */
  readonly gone: number
  /** Records with the names of the keys, in the form `digest`. */
  readonly names: Buffer
  /** The place at which a listing continues after this page, or repeats its page if `isPart`. */
  readonly position: Position
  /** Whether keys of the same page of Redis follow. */
  readonly isPart: boolean
}

/** Options of a listing. */
export interface ListOptions {
  readonly pattern: string
  readonly form: RecordForm
  readonly pace: Pace
  /** The place at which the listing starts. Default: the first key. */
  readonly from?: Position | undefined
  /** Ends the listing between two pages. */
  readonly signal: AbortSignal | undefined
}

/** A reply is not much longer than this, whatever the number and the size of the keys. */
const REPLY_BYTES = 2 * 1_024 * 1_024

/** A batch waits no longer for further keys, in milliseconds. So a slow run loses little when it is interrupted. */
const BATCH_MS = 1_000

const EMPTY = Buffer.alloc(0)

/**
 * Returns the number of keys that a listing finds, for the display of its progress.
 *
 * @returns `undefined` if only a listing can tell, or the user may not ask
 */
export async function countOf(
  keyspace: RedisKeyspace,
  pattern: string,
): Promise<number | undefined> {
  if (pattern !== '*') return undefined
  try {
    const sizes = await Promise.all(
      keyspace.masters().map((master) => keyspace.run(master, 'DBSIZE')),
    )
    return sizes.reduce<number>((sum, size) => sum + Number(size), 0)
  } catch (error) {
    if (reasonOf(error) !== 'NOPERM') throw error
    return undefined
  }
}

/**
 * Lists a keyspace and reads its keys, page by page, with commands that write nothing.
 *
 * @throws InfrastructureError if Redis fails, CacheError (`INTERRUPTED`), CacheError (`TOPOLOGY_CHANGED`,
 * `SOURCE_RESTARTED`) if cursors became useless, because then keys would be missing
 */
export async function* readKeyspace(
  keyspace: RedisKeyspace,
  options: ListOptions,
): AsyncGenerator<Page> {
  const masters = keyspace.masters()
  const { from } = options
  const names = masters.map((master) => keyspace.nameOf(master))
  const first = from === undefined ? 0 : names.indexOf(from.node)
  if (first < 0) throw startAgain('the masters of the Cluster have changed', 'TOPOLOGY_CHANGED')
  for (const [index, master] of masters.entries()) {
    if (index < first) continue
    const node = names[index] as string
    const epoch = await keyspace.scanEpochOf(master)
    const start = { node, epoch, cursor: '0' }
    const position = index === first ? (from ?? start) : start
    if (position.cursor !== 'end') {
      if (position.epoch !== epoch) throw sourceRestarted()
      yield* readMaster(keyspace, master, position, options)
      if ((await keyspace.scanEpochOf(master)) !== epoch) throw sourceRestarted()
    }
  }
}

async function* readMaster(
  keyspace: RedisKeyspace,
  master: Redis,
  from: Position,
  options: ListOptions,
): AsyncGenerator<Page> {
  const { pace, signal } = options
  let { cursor } = from
  while (cursor !== 'end') {
    assertNotInterrupted(signal)
    const startedAt = performance.now()
    const page = await readPage(keyspace, master, { ...options, cursor, count: pace.count })
    const ping = (): Promise<unknown> => keyspace.run(master, 'PING')
    await pace.afterPage(performance.now() - startedAt, page.count, ping, signal)
    const next = page.next === '0' ? 'end' : page.next
    yield placed(page, from, cursor, next)
    let { rest } = page
    while (rest.length > 0) {
      const part = await readNames(keyspace, master, rest, options.form)
      yield placed(part, from, cursor, next)
      ;({ rest } = part)
    }
    cursor = next
  }
}

function sourceRestarted(): CacheError {
  const change = 'the source has been restarted or replaced, or slots of its Cluster have moved'
  return startAgain(change, 'SOURCE_RESTARTED')
}

function startAgain(change: string, code: string): CacheError {
  return new CacheError(`${change}; start again without resume`, { code })
}

/** Returns whether a run that failed with an error can be resumed. */
export function isResumable(error: unknown): boolean {
  const code = errorCode(error)
  return code !== 'SOURCE_RESTARTED' && code !== 'TOPOLOGY_CHANGED'
}

/**
 * Joins pages until they have `bytes` bytes, or until a second has passed. The next page is read while the caller
 * uses a batch.
 */
export async function* batchesOf(pages: AsyncGenerator<Page>, bytes: number): AsyncGenerator<Page> {
  let batch: Page[] = []
  let size = 0
  let endsAt = performance.now() + BATCH_MS
  let following = pages.next()
  following.catch(() => undefined)
  try {
    for (;;) {
      const step = await following
      if (step.done === true) break
      batch.push(step.value)
      size += step.value.records.length
      following = pages.next()
      // The error is thrown where the page is used.
      following.catch(() => undefined)
      if (size < bytes && performance.now() < endsAt) continue
      yield joined(batch)
      batch = []
      size = 0
      endsAt = performance.now() + BATCH_MS
    }
    if (batch.length > 0) yield joined(batch)
  } finally {
    await pages.return(undefined)
  }
}

function joined(pages: readonly Page[]): Page {
  const last = pages.at(-1) as Page
  const sum = (field: 'count' | 'unreadable' | 'gone'): number =>
    pages.reduce((total, page) => total + page[field], 0)
  return {
    records: Buffer.concat(pages.map((page) => page.records)),
    names: Buffer.concat(pages.map((page) => page.names)),
    count: sum('count'),
    unreadable: sum('unreadable'),
    gone: sum('gone'),
    position: last.position,
    isPart: last.isPart,
  }
}

/** Adds the place after a page. Until the whole page was read, this is the start of the page. */
function placed(reply: PageReply, listing: Position, cursor: string, next: string): Page {
  const isPart = reply.rest.length > 0
  return { ...reply, isPart, position: { ...listing, cursor: isPart ? cursor : next } }
}

interface PageReply extends Omit<Page, 'position' | 'isPart'> {
  readonly next: string
  /** Records with the names of keys that were not read, because the reply is long. */
  readonly rest: Buffer
}

/** Reads the keys whose names are in some records. */
export function readNames(
  keyspace: RedisKeyspace,
  master: Redis,
  names: Buffer,
  form: RecordForm,
): Promise<PageReply> {
  return readScript(keyspace, master, ['', '', 0, REPLY_BYTES, names, form])
}

async function readPage(
  keyspace: RedisKeyspace,
  master: Redis,
  {
    cursor,
    pattern,
    count,
    form,
  }: ListOptions & { readonly cursor: string; readonly count: number },
): Promise<PageReply> {
  if (!withoutScripts.has(keyspace)) {
    try {
      return await readScript(keyspace, master, [cursor, pattern, count, REPLY_BYTES, '', form])
    } catch (error) {
      if (form !== 'dump' || reasonOf(error) !== 'NOPERM') throw error
      withoutScripts.add(keyspace)
    }
  }
  return readPlainly(keyspace, master, { cursor, pattern, count })
}

/** Keyspaces whose user may not run scripts. */
const withoutScripts = new WeakSet<RedisKeyspace>()
/** Keyspaces on servers before version 7, which have no `EVAL_RO`. */
const withoutReadOnlyScripts = new WeakSet<RedisKeyspace>()

async function readScript(
  keyspace: RedisKeyspace,
  master: Redis,
  args: (string | number | Buffer)[],
): Promise<PageReply> {
  const command = withoutReadOnlyScripts.has(keyspace) ? 'EVAL' : 'EVAL_RO'
  try {
    const reply = await keyspace.run(master, command, READ_SCRIPT, 0, ...args)
    return parseReply(reply)
  } catch (error) {
    const isUnknown = command === 'EVAL_RO' && /unknown command/i.test(messageOf(error))
    if (!isUnknown) throw error
    withoutReadOnlyScripts.add(keyspace)
    return readScript(keyspace, master, args)
  }
}

function parseReply(reply: unknown): PageReply {
  const [next, records, count, unreadable, rest, gone, names] = reply as readonly unknown[]
  if (!Buffer.isBuffer(records) || !Buffer.isBuffer(rest) || !Buffer.isBuffer(names)) {
    throw new InfrastructureError('Redis sent a malformed reply')
  }
  return {
    next: String(next),
    records,
    count: Number(count),
    unreadable: Number(unreadable),
    rest,
    gone: Number(gone),
    names,
  }
}

/**
 * Reads a page with single commands, for users that may not run scripts. The expiry is read before and after
 * the value: if both are equal, value and expiry belong together.
 */
async function readPlainly(
  keyspace: RedisKeyspace,
  master: Redis,
  { cursor, pattern, count }: { cursor: string; pattern: string; count: number },
): Promise<PageReply> {
  const scan = keyspace.run(master, 'SCAN', cursor, 'MATCH', pattern, 'COUNT', count)
  const [next, keys] = (await scan) as [Buffer, Buffer[]]
  const read = await Promise.all(keys.map((key) => readKeyPlainly(keyspace, master, key)))
  const records = read.filter((record) => record !== undefined)
  return {
    next: String(next),
    records: Buffer.concat(records),
    count: records.length,
    unreadable: records.filter((record) => record.readUInt8(0) === UNREADABLE).length,
    rest: EMPTY,
    gone: keys.length - records.length,
    names: EMPTY,
  }
}

async function readKeyPlainly(
  keyspace: RedisKeyspace,
  master: Redis,
  key: Buffer,
): Promise<Buffer | undefined> {
  for (;;) {
    const [before, dump, after] = await Promise.all([
      keyspace.run(master, 'PEXPIRETIME', key).catch(messageOf),
      keyspace.run(master, 'DUMP', key).catch(messageOf),
      keyspace.run(master, 'PEXPIRETIME', key).catch(messageOf),
    ])
    if (before !== after) continue
    const problem = [after, dump].find((reply) => typeof reply === 'string')
    if (problem !== undefined) {
      const value = Buffer.from(problem)
      return encodeRecord({ kind: UNREADABLE, expiresAt: null, key, value })
    }
    if (dump === null) return undefined
    const expiresAt = Number(after) === NEVER ? null : Number(after)
    return encodeRecord({ kind: DUMP, expiresAt, key, value: dump as Buffer })
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown error'
}

function reasonOf(error: unknown): unknown {
  return error instanceof CacheError ? error.context['reason'] : undefined
}
