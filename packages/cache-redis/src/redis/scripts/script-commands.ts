import { createHash } from 'node:crypto'
import type { Redis } from 'ioredis'
import type { RedisClient } from '../../connection/clients.js'
import { malformedReply } from '../../connection/connection-errors.js'
import { isErrorReply, isRefusal, isRefusalOfWrites } from '../../connection/error-replies.js'
import type { ServerClock } from '../server-clock.js'
import type {
  HeadReply,
  KeyCommands,
  LeaseReply,
  NamedPlace,
  NamedRecord,
  SealedValue,
  VersionTtl,
  WriteDeadline,
} from './key-commands.js'
import {
  ADVANCE_EPOCH,
  PEEK,
  READ_OR_LEASE,
  REMOVE,
  REMOVE_IF_UNCHANGED,
  REMOVE_RECORDS,
  RENEW_LEASE,
  REPLACE_IF_UNCHANGED,
  REPLACE_RECORD,
  SCRIPTS,
  type Script,
  TAKE_VERSIONS,
  WRITE,
  WRITE_MANY,
} from './scripts.js'

type ScriptArgument = string | number | Buffer

/**
 * The client's methods for scripts, which its types do not have for a Cluster. `callBuffer` would do the
 * same, but garbles arguments on a client with automatic pipelining.
 */
interface ScriptMethods {
  evalshaBuffer(digest: string, keys: number, ...rest: ScriptArgument[]): Promise<unknown>
  evalBuffer(source: string, keys: number, ...rest: ScriptArgument[]): Promise<unknown>
}

const isAlwaysWanted = (): boolean => true

/**
 * Runs a script by its digest, and sends its source if Redis does not know it.
 *
 * @param isWanted - asked before the source is sent, because Redis may have carried out later commands by
 * then. If it returns false, the reply is `null`
 */
async function runScript(
  client: RedisClient,
  { digest, source }: Script,
  keys: readonly string[],
  args: readonly ScriptArgument[] = [],
  isWanted: () => boolean = isAlwaysWanted,
): Promise<unknown> {
  const methods = client as unknown as ScriptMethods
  try {
    return await methods.evalshaBuffer(digest, keys.length, ...keys, ...args)
  } catch (error) {
    // Redis forgets scripts when it restarts. EVAL makes it remember this one.
    if (!isRefusal(error, 'NOSCRIPT')) throw error
    return isWanted() ? methods.evalBuffer(source, keys.length, ...keys, ...args) : null
  }
}

/** Returns whether a master permits scripts to its user. */
export async function permitsScripts(master: Redis): Promise<boolean> {
  try {
    await master.eval('return 1', 0)
    return true
  } catch (error) {
    if (isRefusal(error, 'NOPERM') || isRefusal(error, 'ERR unknown command')) return false
    throw error
  }
}

/** Loads the scripts into a server, so that the first call of each takes one round trip. */
export async function loadScripts(master: Redis): Promise<void> {
  const ignoreRefusal = (error: unknown): void => {
    if (!isErrorReply(error)) throw error
  }
  // Without keys a script does nothing.
  await Promise.all(SCRIPTS.map(({ source }) => master.eval(source, 0).catch(ignoreRefusal)))
}

/** Runs each operation as one Lua script, which no other command can interrupt. */
export const scriptCommands: KeyCommands = {
  async readOrLease(
    client: RedisClient,
    { name, place }: NamedPlace,
    revision: string,
  ): Promise<LeaseReply> {
    let reply: unknown
    try {
      reply = await runScript(client, READ_OR_LEASE, [name], [place.text, revision])
    } catch (error) {
      if (!isRefusalOfWrites(error)) throw error
      // Redis did not begin the script because it may write. So the value is read without it.
      return (await client.getBuffer(name)) ?? { refusal: error }
    }
    if (Buffer.isBuffer(reply)) return reply
    if (!Array.isArray(reply) || !Buffer.isBuffer(reply[0])) {
      throw malformedReply('it must be a lease')
    }
    return { revision: reply[0].toString(), leasedMs: toNumber(reply[1]) }
  },

  renewLease(
    client: RedisClient,
    { name, place }: NamedPlace,
    revision: string,
    leaseMs: number,
  ): Promise<unknown> {
    return runScript(client, RENEW_LEASE, [name], [place.text, revision, leaseMs])
  },

  async write(
    client: RedisClient,
    { name, place }: NamedPlace,
    { bytes, storedUntil }: SealedValue,
    expectedRevision: string | undefined,
    deadline: WriteDeadline,
    isWanted: () => boolean,
  ): Promise<boolean | 'late'> {
    const args = [bytes, expiryOf(storedUntil), deadlineOf(deadline)]
    if (expectedRevision !== undefined) args.push(expectedRevision, place.text)
    const at = toNumber(await runScript(client, WRITE, [name], args, isWanted))
    return at !== 0 && wasInTime(at, deadline)
  },

  async writeMany(
    client: RedisClient,
    names: readonly string[],
    values: readonly SealedValue[],
    deadline: WriteDeadline,
    areWanted: () => boolean,
  ): Promise<boolean | 'late'> {
    const args: ScriptArgument[] = [deadlineOf(deadline)]
    for (const { bytes, storedUntil } of values) args.push(bytes, expiryOf(storedUntil))
    const at = toNumber(await runScript(client, WRITE_MANY, names, args, areWanted))
    return at !== 0 && wasInTime(at, deadline)
  },

  async peek(
    client: RedisClient,
    keys: readonly NamedPlace[],
    maxBytes: number,
  ): Promise<(HeadReply | null)[]> {
    const args = [maxBytes, ...keys.map(({ place }) => place.text)]
    return toHeads(await runScript(client, PEEK, namesOf(keys), args), keys.length)
  },

  async remove(
    client: RedisClient,
    keys: readonly NamedPlace[],
    maxBytes: number,
    retainedRevisions: readonly string[],
  ): Promise<(HeadReply | null)[]> {
    const args: ScriptArgument[] = [maxBytes]
    for (const [index, { place }] of keys.entries()) {
      args.push(place.text, retainedRevisions[index] ?? '')
    }
    return toHeads(await runScript(client, REMOVE, namesOf(keys), args), keys.length)
  },

  removeIfUnchanged(client: RedisClient, name: string, bytes: Buffer): Promise<unknown> {
    return runScript(client, REMOVE_IF_UNCHANGED, [name], [digestOf(bytes)])
  },

  async replaceIfUnchanged(
    client: RedisClient,
    name: string,
    expected: Buffer,
    bytes: Buffer,
  ): Promise<boolean> {
    const args = [digestOf(expected), bytes]
    return toNumber(await runScript(client, REPLACE_IF_UNCHANGED, [name], args)) === 1
  },

  async takeVersions(
    client: RedisClient,
    tags: readonly NamedRecord[],
    version: string,
    { minTtlMs, newTtlMs }: VersionTtl,
  ): Promise<(string | null)[]> {
    const args: ScriptArgument[] = [version, minTtlMs, newTtlMs]
    for (const { head, start } of tags) args.push(head, head + start)
    const lines = await runScript(client, TAKE_VERSIONS, namesOf(tags), args)
    if (!Array.isArray(lines) || lines.length !== tags.length) {
      throw malformedReply('it must be tag versions')
    }
    return lines.map((line: unknown) => (Buffer.isBuffer(line) ? line.toString() : null))
  },

  async removeRecords(client: RedisClient, records: readonly NamedRecord[]): Promise<number> {
    const heads = records.map(({ head }) => head)
    return Number(await runScript(client, REMOVE_RECORDS, namesOf(records), heads))
  },

  async replaceRecord(
    client: RedisClient,
    name: string,
    expected: string,
    line: string,
  ): Promise<string | null> {
    const current = await runScript(client, REPLACE_RECORD, [name], [expected, line])
    return Buffer.isBuffer(current) ? current.toString() : null
  },

  advanceEpoch(client: RedisClient, name: string): Promise<unknown> {
    return runScript(client, ADVANCE_EPOCH, [name])
  },
}

/** Returns the digest that `redis.sha1hex` computes. */
function digestOf(bytes: Buffer): string {
  return createHash('sha1').update(bytes).digest('hex')
}

function namesOf(keys: readonly { readonly name: string }[]): string[] {
  return keys.map(({ name }) => name)
}

function expiryOf(storedUntil: number): ScriptArgument {
  return storedUntil === Number.POSITIVE_INFINITY ? '' : storedUntil
}

function deadlineOf({ clock, startedAt, timeoutMs }: WriteDeadline): number {
  return clock.deadline(timeoutMs, startedAt)
}

/** @param at - the server's time; negative when the deadline had passed */
function wasInTime(
  at: number,
  { clock, startedAt }: { clock: ServerClock; startedAt: number },
): true | 'late' {
  clock.sample(Math.abs(at), startedAt)
  return at > 0 ? true : 'late'
}

function toNumber(reply: unknown): number {
  const number = Number(reply)
  if (!Number.isFinite(number)) throw malformedReply('it must be a number')
  return number
}

function toHeads(reply: unknown, count: number): (HeadReply | null)[] {
  const isList =
    Array.isArray(reply) &&
    reply.length === count &&
    reply.every(
      (each: unknown) => each === null || (Array.isArray(each) && Buffer.isBuffer(each[0])),
    )
  if (!isList) throw malformedReply('it must be a list of heads')
  return reply as (HeadReply | null)[]
}
