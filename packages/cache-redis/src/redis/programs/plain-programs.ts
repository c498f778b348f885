import {
  classify,
  leaseHead,
  MAX_TAGS_LENGTH,
  readLease,
  readRevision,
  USUAL_HEAD_LENGTH,
} from '../../codec/stored-line.js'
import type { RedisClient } from '../../connection/redis-client.js'
import type { ServerClock } from '../server-clock.js'
import {
  type ExpectedRevision,
  type HeadReply,
  type KeyPrograms,
  type LeaseReply,
  type LoadLease,
  type NamedPlace,
  type NamedRecord,
  NOTHING_STORED,
  type RedisNumber,
  type SealedValue,
  type VersionLife,
} from './key-programs.js'
import { isRefusal, isRefusalOfWrites } from './program.js'
import { LEASE_LINE_MS, LEASE_MS } from './sources.js'

/** Overloads of the client that its types leave out. */
interface PlainCommands {
  setBuffer(...args: (string | number | Buffer)[]): Promise<Buffer | null>
}

/**
 * The same with nothing but plain commands, for users who may not run scripts. As commands of other
 * clients come in between, two promises are weaker: a write that was given up may still take effect
 * later, until it is invalidated, and a load that was superseded by a write may be read instead of it
 * for as long as one command takes.
 */
export const plainPrograms: KeyPrograms = {
  async readOrLease(
    client: RedisClient,
    key: NamedPlace,
    revision: string,
    clock: ServerClock,
  ): Promise<LeaseReply> {
    const found = await readLeaseOrBytes(client, key, clock)
    if (found !== null) return found
    const { name, place } = key
    const leasedUntil = Math.floor(clock.earliest(performance.now())) + LEASE_MS
    const line = `${leaseHead(place.text)}${revision} ${leasedUntil}`
    try {
      if (await client.set(name, line, 'PX', LEASE_LINE_MS, 'NX')) return { revision, leasedMs: 0 }
    } catch (error) {
      if (!isRefusalOfWrites(error)) throw error
      return { refusal: error }
    }
    // Somebody was faster.
    return readLeaseOrBytes(client, key, clock)
  },

  /** A process that finds the lease expired loads too: to write over it might be to write over more. */
  renewLease: () => Promise.resolve(),

  async write(
    client: RedisClient,
    { name, place }: NamedPlace,
    { bytes, heldUntil }: SealedValue,
    expected: ExpectedRevision | undefined,
  ): Promise<boolean> {
    const hold = holdOf(heldUntil)
    const plain = client as unknown as PlainCommands
    if (expected === undefined) {
      await plain.setBuffer(name, bytes, ...hold)
      return true
    }
    const found = await startOf(client, name)
    if (found === undefined) return false
    if (found.length === 0) {
      return (
        expected === NOTHING_STORED && (await plain.setBuffer(name, bytes, ...hold, 'NX')) !== null
      )
    }
    const kind = classify(place, found)
    const isExpected =
      expected === NOTHING_STORED
        ? kind === 'lease'
        : (kind === 'lease' || kind === 'value') && readRevision(found) === expected
    if (!isExpected) return false
    const before = await plain.setBuffer(name, bytes, ...hold, 'XX', 'GET')
    if (before === null) return false
    if (readRevision(before) === readRevision(found)) return true
    // Somebody else wrote in between. What they wrote is lost, which is a miss, and so must ours be.
    await client.unlink(name)
    return false
  },

  async writeMany(
    client: RedisClient,
    names: readonly string[],
    values: readonly SealedValue[],
  ): Promise<true> {
    const plain = client as unknown as PlainCommands
    await Promise.all(
      values.map(({ bytes, heldUntil }, index) =>
        plain.setBuffer(names[index] as string, bytes, ...holdOf(heldUntil)),
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
    stays: readonly string[],
  ): Promise<(HeadReply | null)[]> {
    const found = await Promise.all(keys.map((key) => headOf(client, key, maxBytes)))
    const due = keys.filter((_key, index) => {
      const { isOurs, head } = found[index] as FoundHead
      return isOurs && !(head !== null && stays[index] && readRevision(head[0]) === stays[index])
    })
    if (due.length > 0) await client.unlink(...due.map(({ name }) => name))
    return found.map(({ head, isOurs }) => (isOurs ? head : null))
  },

  async removeIfUnchanged(client: RedisClient, name: string, bytes: Buffer): Promise<void> {
    const now = await client.getBuffer(name)
    if (now?.equals(bytes)) await client.unlink(name)
  },

  takeVersions(
    client: RedisClient,
    tags: readonly NamedRecord[],
    version: string,
    life: VersionLife,
  ): Promise<(string | null)[]> {
    return Promise.all(tags.map((tag) => takeVersion(client, tag, version, life)))
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
    const [now = null] = await client.mget(name)
    if (now !== expected) return now
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
  const leftMs = leasedUntil - clock.earliest(performance.now())
  // Processes estimate the clock of the server, so a new lease may seem to last a little too long.
  const isHeld = leftMs > 0 && leftMs <= LEASE_LINE_MS
  return { revision, leasedMs: isHeld ? Math.min(Math.ceil(leftMs), LEASE_MS) : 0 }
}

/** Returns the first bytes of a string; `undefined` for another type. */
async function startOf(client: RedisClient, name: string): Promise<Buffer | undefined> {
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
  const [usual, left] = await Promise.all([startOf(client, name), client.pttl(name)])
  if (usual === undefined || usual.length === 0) return { head: null, isOurs: false }
  const kind = classify(place, usual)
  if (kind === 'python') return { head: [usual, left], isOurs: false }
  if (kind === 'lease') return { head: null, isOurs: true }
  if (kind !== 'value') return { head: null, isOurs: false }
  if (usual.length < USUAL_HEAD_LENGTH) return { head: [usual, left], isOurs: true }
  if ((await client.strlen(name)) > maxBytes) return { head: null, isOurs: false }
  if (usual.includes('\n')) return { head: [usual, left], isOurs: true }
  const most = USUAL_HEAD_LENGTH + MAX_TAGS_LENGTH - 1
  return { head: [await client.getrangeBuffer(name, 0, most), left], isOurs: true }
}

async function takeVersion(
  client: RedisClient,
  { name, head, start }: NamedRecord,
  version: string,
  { holdMs, lifeMs }: VersionLife,
): Promise<string | null> {
  const fresh = head + start + version
  const hold = holdMs < 0 ? [] : ['PX', lifeMs]
  const plain = client as unknown as PlainCommands
  const [, [current = null], reply] = await Promise.all([
    plain.setBuffer(name, fresh, ...hold, 'NX'),
    client.mget(name),
    client.pttl(name) as Promise<RedisNumber>,
  ])
  // Gone again already: what is stored under it will be void.
  if (current === null) return fresh
  if (!current.startsWith(head)) return null
  if (!current.startsWith(head + start)) {
    await plain.setBuffer(name, fresh, ...hold)
    return fresh
  }
  const left = Number(reply)
  if (left >= 0 && holdMs < 0) await client.persist(name)
  else if (left >= 0 && left < holdMs) await client.pexpire(name, lifeMs)
  return current
}

function holdOf(heldUntil: number): (string | number)[] {
  return heldUntil === Number.POSITIVE_INFINITY ? [] : ['PXAT', heldUntil]
}
