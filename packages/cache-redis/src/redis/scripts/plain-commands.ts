import { timers } from '@verbatim/cache-core/implement'
import {
  classify,
  leaseHead,
  MAX_TAGS_LENGTH,
  readLease,
  readRevision,
  USUAL_HEAD_LENGTH,
} from '../../codec/stored-line.js'
import type { RedisClient } from '../../connection/clients.js'
import { isRefusal, isRefusalOfWrites } from '../../connection/error-replies.js'
import type { ServerClock } from '../server-clock.js'
import {
  type HeadReply,
  type KeyCommands,
  type LeaseReply,
  type LoadLease,
  type NamedPlace,
  type NamedRecord,
  NOTHING_STORED,
  type RedisNumber,
  type SealedValue,
  type VersionTtl,
} from './key-commands.js'
import { LEASE_LINE_MS, LEASE_MS } from './scripts.js'

/** A method that the client's types do not have. */
interface SetBuffer {
  setBuffer(...args: (string | number | Buffer)[]): Promise<Buffer | null>
}

/**
 * Runs each operation as plain commands, for users who may not run scripts. Commands of other clients may
 * come in between, so three guarantees are weaker:
 *
 * - A write that timed out may still take effect later, until it is invalidated.
 * - A superseded load may be read instead of the newer value for as long as one command takes.
 * - A value that is written just while the one before is encrypted again may be lost, which is a miss.
 */
export const plainCommands: KeyCommands = {
  async readOrLease(
    client: RedisClient,
    key: NamedPlace,
    revision: string,
    clock: ServerClock,
  ): Promise<LeaseReply> {
    const found = await readLeaseOrBytes(client, key, clock)
    if (found !== null) return found
    const { name, place } = key
    const leasedUntil = Math.floor(clock.earliest(timers.now())) + LEASE_MS
    const line = `${leaseHead(place.text)}${revision} ${leasedUntil}`
    try {
      if (await client.set(name, line, 'PX', LEASE_LINE_MS, 'NX')) return { revision, leasedMs: 0 }
    } catch (error) {
      if (!isRefusalOfWrites(error)) throw error
      return { refusal: error }
    }
    // Another process was faster.
    return readLeaseOrBytes(client, key, clock)
  },

  /** Does nothing, because a plain command might overwrite a newer value. The load may run twice. */
  renewLease: () => Promise.resolve(),

  async write(
    client: RedisClient,
    { name, place }: NamedPlace,
    { bytes, storedUntil }: SealedValue,
    expectedRevision: string | undefined,
  ): Promise<boolean> {
    const expiry = expiryOf(storedUntil)
    const on = client as unknown as SetBuffer
    if (expectedRevision === undefined) {
      await on.setBuffer(name, bytes, ...expiry)
      return true
    }
    const isForAbsent = expectedRevision === NOTHING_STORED
    const found = await startOf(client, name)
    if (found === undefined) return false
    if (found.length === 0) {
      return isForAbsent && (await on.setBuffer(name, bytes, ...expiry, 'NX')) !== null
    }
    const kind = classify(place, found)
    const isExpected = isForAbsent
      ? kind === 'lease'
      : (kind === 'lease' || kind === 'value') && readRevision(found) === expectedRevision
    if (!isExpected) return false
    const before = await on.setBuffer(name, bytes, ...expiry, 'XX', 'GET')
    if (before === null) return false
    if (readRevision(before) === readRevision(found)) return true
    // Another process wrote in between. Its value is lost, which is a miss, so this value must go too.
    await client.unlink(name)
    return false
  },

  async writeMany(
    client: RedisClient,
    names: readonly string[],
    values: readonly SealedValue[],
  ): Promise<true> {
    const on = client as unknown as SetBuffer
    await Promise.all(
      values.map(({ bytes, storedUntil }, index) =>
        on.setBuffer(names[index] as string, bytes, ...expiryOf(storedUntil)),
      ),
    )
    return true
  },

  peek(
    client: RedisClient,
    keys: readonly NamedPlace[],
    maxBytes: number,
  ): Promise<(HeadReply | null)[]> {
    return Promise.all(keys.map(async (key) => (await headOf(client, key, maxBytes)).head))
  },

  async remove(
    client: RedisClient,
    keys: readonly NamedPlace[],
    maxBytes: number,
    retainedRevisions: readonly string[],
  ): Promise<(HeadReply | null)[]> {
    const found = await Promise.all(keys.map((key) => headOf(client, key, maxBytes)))
    const due = keys.filter((_key, index) => {
      const { isOurs, head } = found[index] as FoundHead
      const retained = retainedRevisions[index]
      return isOurs && !(head !== null && retained && readRevision(head[0]) === retained)
    })
    if (due.length > 0) await client.unlink(...due.map(({ name }) => name))
    return found.map(({ head, isOurs }) => (isOurs ? head : null))
  },

  async removeIfUnchanged(client: RedisClient, name: string, bytes: Buffer): Promise<void> {
    const current = await client.getBuffer(name)
    if (current?.equals(bytes)) await client.unlink(name)
  },

  async replaceIfUnchanged(
    client: RedisClient,
    name: string,
    expected: Buffer,
    bytes: Buffer,
  ): Promise<boolean> {
    const current = await client.getBuffer(name)
    if (!current?.equals(expected)) return false
    const on = client as unknown as SetBuffer
    const before = await on.setBuffer(name, bytes, 'KEEPTTL', 'XX', 'GET')
    if (before === null) return false
    if (before.equals(expected)) return true
    // Another process wrote in between. Its value is lost, which is a miss, so this value must go too.
    await client.unlink(name)
    return false
  },

  takeVersions(
    client: RedisClient,
    tags: readonly NamedRecord[],
    version: string,
    ttl: VersionTtl,
  ): Promise<(string | null)[]> {
    return Promise.all(tags.map((tag) => takeVersion(client, tag, version, ttl)))
  },

  async removeRecords(client: RedisClient, records: readonly NamedRecord[]): Promise<number> {
    const lines = await client.mget(...records.map(({ name }) => name))
    const due = records.filter(({ head }, index) => lines[index]?.startsWith(head))
    return due.length > 0 ? client.unlink(...due.map(({ name }) => name)) : 0
  },

  async replaceRecord(
    client: RedisClient,
    name: string,
    expected: string,
    line: string,
  ): Promise<string | null> {
    if (expected === '') {
      if (await client.set(name, line, 'NX')) return line
      return (await client.mget(name))[0] ?? null
    }
    const [current = null] = await client.mget(name)
    if (current !== expected) return current
    await client.set(name, line)
    return line
  },

  advanceEpoch(client: RedisClient, name: string): Promise<unknown> {
    return client.incr(name)
  },
}

interface FoundHead {
  readonly head: HeadReply | null
  readonly isOurs: boolean
}

async function readLeaseOrBytes(
  client: RedisClient,
  { name, place }: NamedPlace,
  clock: ServerClock,
): Promise<Buffer | LoadLease | null> {
  const bytes = await client.getBuffer(name)
  if (bytes === null || classify(place, bytes) !== 'lease') return bytes
  const { revision, leasedUntil } = readLease(bytes)
  const leftMs = leasedUntil - clock.earliest(timers.now())
  // Each process estimates the server's clock, so a new lease may seem to last a little too long.
  const isLeased = leftMs > 0 && leftMs <= LEASE_LINE_MS
  return { revision, leasedMs: isLeased ? Math.min(Math.ceil(leftMs), LEASE_MS) : 0 }
}

/** Returns the first bytes of a string; `undefined` for another type. */
export async function startOf(client: RedisClient, name: string): Promise<Buffer | undefined> {
  try {
    return await client.getrangeBuffer(name, 0, USUAL_HEAD_LENGTH - 1)
  } catch (error) {
    if (!isRefusal(error, 'WRONGTYPE')) throw error
    return undefined
  }
}

async function headOf(
  client: RedisClient,
  { name, place }: NamedPlace,
  maxBytes: number,
): Promise<FoundHead> {
  const [start, left] = await Promise.all([startOf(client, name), client.pttl(name)])
  if (start === undefined || start.length === 0) return { head: null, isOurs: false }
  const kind = classify(place, start)
  if (kind === 'python') return { head: [start, left], isOurs: false }
  if (kind === 'lease') return { head: null, isOurs: true }
  if (kind !== 'value') return { head: null, isOurs: false }
  if (start.length < USUAL_HEAD_LENGTH) return { head: [start, left], isOurs: true }
  if ((await client.strlen(name)) > maxBytes) return { head: null, isOurs: false }
  if (start.includes('\n')) return { head: [start, left], isOurs: true }
  const end = USUAL_HEAD_LENGTH + MAX_TAGS_LENGTH - 1
  return { head: [await client.getrangeBuffer(name, 0, end), left], isOurs: true }
}

async function takeVersion(
  client: RedisClient,
  { name, head, start }: NamedRecord,
  version: string,
  { minTtlMs, newTtlMs }: VersionTtl,
): Promise<string | null> {
  const fresh = head + start + version
  const expiry = minTtlMs < 0 ? [] : ['PX', newTtlMs]
  const on = client as unknown as SetBuffer
  const [, [current = null], reply] = await Promise.all([
    on.setBuffer(name, fresh, ...expiry, 'NX'),
    client.mget(name),
    client.pttl(name) as Promise<RedisNumber>,
  ])
  // The version is gone again, so a value stored under it will be void.
  if (current === null) return fresh
  if (!current.startsWith(head)) return null
  if (!current.startsWith(head + start)) {
    await on.setBuffer(name, fresh, ...expiry)
    return fresh
  }
  const left = Number(reply)
  if (left >= 0 && minTtlMs < 0) await client.persist(name)
  else if (left >= 0 && left < minTtlMs) await client.pexpire(name, newTtlMs)
  return current
}

function expiryOf(storedUntil: number): (string | number)[] {
  return storedUntil === Number.POSITIVE_INFINITY ? [] : ['PXAT', storedUntil]
}
