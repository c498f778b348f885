import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { isError } from '@verbatim/cache-core/implement'
import type { Isolation } from './run-report.js'
import { type Subject, type SubjectOptions, type SubjectVariant, withoutUrls } from './subject.js'
import { makeValue } from './values.js'

/** Outcome of the correctness gate. */
export interface GateOutcome {
  readonly isolation?: Isolation
  readonly failures: readonly string[]
}

/** Access to a cache with the functions that it has. Some caches can only load. */
interface Access {
  readonly write: (key: string, value: unknown) => Promise<unknown>
  readonly read: (key: string) => Promise<unknown>
  readonly subject: Subject
}

type Options = Omit<SubjectOptions, 'load'>
type Open = (changes: Partial<Options>) => Promise<Access>

const TTL_MS = 150
const FALSY: readonly unknown[] = [0, false, '', null]
const SMALL_SIZE = 10
/** A cache may keep some more entries than its size, for example in several shards. */
const ACCEPTED_SIZE = 100
const WRITTEN = 1_000
/** A cache with two tiers serves the first reads from Redis, and only later ones from memory. */
const READS = 5
const READ_PAUSE_MS = 20

/** Checks that a cache works, before it is timed, and finds out whether callers can change cached objects. */
export async function checkSubject(
  variant: SubjectVariant,
  options: Options,
): Promise<GateOutcome> {
  const failures: string[] = []
  const opened: Access[] = []
  const open: Open = async (changes) => {
    const access = await accessOf(variant, { ...options, ...changes })
    opened.push(access)
    return access
  }
  try {
    await open({})
  } catch (error) {
    return { failures: [reasonOf(error)] }
  }
  let isolation: Isolation | undefined
  const checks: [name: string, check: () => Promise<void>][] = [
    ['round trip', () => checkRoundTrip(open)],
    ['falsy values', () => checkFalsyValues(open)],
    ['TTL', () => checkExpiry(open, variant.shortestTtlMs ?? TTL_MS)],
    ...(variant.tier === 'memory' && !variant.isUnbounded
      ? [['eviction', () => checkEviction(open)] as [string, () => Promise<void>]]
      : []),
    [
      'mutation safety',
      async () => {
        isolation = await isolationOf(open)
      },
    ],
  ]
  for (const [name, check] of checks) {
    try {
      await check()
    } catch (error) {
      failures.push(`${name}: ${reasonOf(error)}`)
    }
  }
  for (const { subject } of opened) await subject.close?.()
  return { ...(isolation !== undefined && { isolation }), failures }
}

async function checkRoundTrip(open: Open): Promise<void> {
  const { write, read } = await open({})
  await write('gate:key', makeValue(1))
  assert(isDeepStrictEqual(await read('gate:key'), makeValue(1)), 'another value came back')
}

async function checkFalsyValues(open: Open): Promise<void> {
  const { write, read } = await open({})
  for (const [index, value] of FALSY.entries()) {
    const key = `gate:falsy:${index}`
    await write(key, value)
    assert(Object.is(await read(key), value), `${JSON.stringify(value)} was lost`)
  }
}

async function checkExpiry(open: Open, ttlMs: number): Promise<void> {
  const { write, read } = await open({ ttlMs })
  await write('gate:ttl', makeValue(1))
  // Half a TTL later, because few caches promise the exact millisecond.
  await sleep(ttlMs * 1.5 + 20)
  assert(isMiss(await read('gate:ttl')), 'returned a value after its TTL')
}

async function checkEviction(open: Open): Promise<void> {
  const { write, read } = await open({ maxSize: SMALL_SIZE })
  for (let index = 0; index < WRITTEN; index++) await write(`gate:evict:${index}`, index)
  let found = 0
  for (let index = 0; index < WRITTEN; index++) {
    if (!isMiss(await read(`gate:evict:${index}`))) found++
  }
  const message = `holds ${found} entries with a size of ${SMALL_SIZE}`
  assert(found <= ACCEPTED_SIZE, message)
}

async function isolationOf(open: Open): Promise<Isolation> {
  const { write, read } = await open({})
  const written = makeValue(1)
  await write('gate:writer', written)
  written.author.name = 'changed'
  const isWriterSafe = nameIn(await read('gate:writer')) !== 'changed'
  await write('gate:reader', makeValue(1))
  let isReaderSafe = true
  for (let round = 0; round < READS && isReaderSafe; round++) {
    const found = (await read('gate:reader')) as { author: { name: string } }
    try {
      found.author.name = 'changed'
    } catch {
      // A frozen value rejects the change.
    }
    isReaderSafe = nameIn(await read('gate:reader')) !== 'changed'
    await sleep(READ_PAUSE_MS)
  }
  if (isReaderSafe && isWriterSafe) return 'copy-safe'
  return isReaderSafe ? 'copied for readers' : 'by reference'
}

const MISSING = Symbol('missing')

async function accessOf(variant: SubjectVariant, options: Options): Promise<Access> {
  let toLoad: unknown = MISSING
  const subject = await variant.create({ ...options, load: async () => toLoad })
  const { get, set, getOrSet } = subject
  return {
    subject,
    write: async (key, value) => {
      if (set !== undefined) return set(key, value)
      if (getOrSet === undefined) throw new Error('has neither set() nor getOrSet()')
      toLoad = value
      await getOrSet(key)
      toLoad = MISSING
      return undefined
    },
    read: async (key) => {
      if (get !== undefined) return get(key)
      if (getOrSet === undefined) throw new Error('has neither get() nor getOrSet()')
      return getOrSet(key)
    },
  }
}

function reasonOf(error: unknown): string {
  return isError(error) ? withoutUrls(error.message) : 'unknown error'
}

function isMiss(value: unknown): boolean {
  return value === undefined || value === null || value === MISSING
}

function nameIn(value: unknown): unknown {
  return (value as { author?: { name?: unknown } } | undefined)?.author?.name
}

function assert(isTrue: boolean, message: string): void {
  if (!isTrue) throw new Error(message)
}
