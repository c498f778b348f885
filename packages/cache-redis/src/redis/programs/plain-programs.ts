import {
  isEnvelope,
  isMark,
  MARK_HEAD,
  MAX_TAGS_LENGTH,
  readMark,
  readStamp,
  USUAL_HEAD_LENGTH,
} from '../../codec/envelope.js'
import type { RedisClient } from '../../connection/redis-client.js'
import type { ServerClock } from '../server-clock.js'
import type {
  HeadReply,
  KeyPrograms,
  LoadLease,
  RedisNumber,
  SealedValue,
  VersionLife,
} from './key-programs.js'
import { isRefusal } from './program.js'
import { LEASE_MS, MARK_LIFE_MS } from './sources.js'

/** Overloads of the client that its types leave out. */
interface PlainCommands {
  setBuffer(...args: (string | number | Buffer)[]): Promise<Buffer | null>
}

/**
 * The same with nothing but plain commands, for users who may run no programs. As other clients' come
 * in between, two promises are weaker: a write that was given up may still take effect later, until
 * it is made good, and a load that was overtaken by a write may be read instead of it for as long as
 * one command takes.
 */
export const plainPrograms: KeyPrograms = {
  async readOrLease(
    client: RedisClient,
    name: string,
    stamp: string,
    clock: ServerClock,
  ): Promise<Buffer | LoadLease | null> {
    const found = await readMarkOrValue(client, name, clock)
    if (found !== null) return found
    const mark = `${MARK_HEAD}${stamp} ${Math.floor(clock.earliest(performance.now())) + LEASE_MS}`
    try {
      if (await client.set(name, mark, 'PX', MARK_LIFE_MS, 'NX')) {
        return { seen: stamp, leasedMs: 0 }
      }
    } catch (error) {
      if (!isRefusal(error, 'OOM')) throw error
      return null
    }
    // Somebody was faster.
    return readMarkOrValue(client, name, clock)
  },

  /** Who finds the lease run out loads as well: to write over the mark might be to write over more. */
  renewLease: () => Promise.resolve(),

  async write(
    client: RedisClient,
    name: string,
    { bytes, heldUntil, over }: SealedValue,
  ): Promise<boolean> {
    const hold = heldUntil === Number.POSITIVE_INFINITY ? [] : ['PXAT', heldUntil]
    const plain = client as unknown as PlainCommands
    if (over === undefined) {
      await plain.setBuffer(name, bytes, ...hold)
      return true
    }
    // Whatever removed what was seen has removed the key, so that nothing is written.
    const before = await plain.setBuffer(name, bytes, ...hold, 'XX', 'GET')
    if (before === null) return false
    if (isEnvelope(before) && readStamp(before) === over) return true
    // Somebody else wrote. What they wrote is lost, which is a miss, and so must ours be.
    await client.unlink(name)
    return false
  },

  peek(client: RedisClient, names: readonly string[]): Promise<(HeadReply | null)[]> {
    return Promise.all(names.map((name) => headOf(client, name)))
  },

  async remove(client: RedisClient, names: readonly string[]): Promise<(HeadReply | null)[]> {
    const heads = await plainPrograms.peek(client, names)
    await client.unlink(...names)
    return heads
  },

  async removeIfUnchanged(client: RedisClient, name: string, bytes: Buffer): Promise<void> {
    const now = await client.getBuffer(name)
    if (now?.equals(bytes)) await client.unlink(name)
  },

  takeVersions(
    client: RedisClient,
    names: readonly string[],
    version: string,
    life: VersionLife,
  ): Promise<string[]> {
    return Promise.all(names.map((name) => takeVersion(client, name, version, life)))
  },
}

async function readMarkOrValue(
  client: RedisClient,
  name: string,
  clock: ServerClock,
): Promise<Buffer | LoadLease | null> {
  const bytes = await client.getBuffer(name)
  if (bytes === null || !isMark(bytes)) return bytes
  const { stamp, leasedUntil } = readMark(bytes)
  const leftMs = leasedUntil - clock.earliest(performance.now())
  return { seen: stamp, leasedMs: leftMs > 0 && leftMs <= LEASE_MS ? Math.ceil(leftMs) : 0 }
}

async function headOf(client: RedisClient, name: string): Promise<HeadReply | null> {
  const [usual, left] = await Promise.all([
    client.getrangeBuffer(name, 0, USUAL_HEAD_LENGTH - 1),
    client.pttl(name),
  ])
  if (usual.length === 0 || isMark(usual)) return null
  if (usual.length < USUAL_HEAD_LENGTH || usual.includes('\n')) return [usual, left]
  const most = USUAL_HEAD_LENGTH + MAX_TAGS_LENGTH - 1
  return [await client.getrangeBuffer(name, 0, most), left]
}

async function takeVersion(
  client: RedisClient,
  name: string,
  version: string,
  { holdMs, lifeMs }: VersionLife,
): Promise<string> {
  const [, current, reply] = await Promise.all([
    holdMs < 0 ? client.set(name, version, 'NX') : client.set(name, version, 'PX', lifeMs, 'NX'),
    client.get(name),
    client.pttl(name) as Promise<RedisNumber>,
  ])
  const left = Number(reply)
  if (left >= 0 && holdMs < 0) await client.persist(name)
  else if (left >= 0 && left < holdMs) await client.pexpire(name, lifeMs)
  // Gone again already: what is stored under it will be void.
  return current ?? version
}
