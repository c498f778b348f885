import { createHash } from 'node:crypto'
import { malformedReply } from '../../connection/connection-errors.js'
import type { RedisClient } from '../../connection/redis-client.js'
import type { ServerClock } from '../server-clock.js'
import type {
  ExpectedRevision,
  HeadReply,
  KeyPrograms,
  LeaseReply,
  NamedPlace,
  NamedRecord,
  SealedValue,
  VersionLife,
  WriteTime,
} from './key-programs.js'
import { isRefusalOfWrites, type ProgramArgument, type ProgramRunner } from './program.js'
import {
  ADVANCE_EPOCH,
  PEEK,
  READ_OR_LEASE,
  REMOVE,
  REMOVE_IF_UNCHANGED,
  REMOVE_RECORDS,
  RENEW_LEASE,
  REPLACE_RECORD,
  TAKE_VERSIONS,
  WRITE,
  WRITE_MANY,
} from './sources.js'

/** Each is one step: nothing happens to its keys in between. */
export class LuaPrograms implements KeyPrograms {
  readonly #runner: ProgramRunner

  constructor(runner: ProgramRunner) {
    this.#runner = runner
  }

  async readOrLease(
    client: RedisClient,
    { name, place }: NamedPlace,
    revision: string,
  ): Promise<LeaseReply> {
    let reply: unknown
    try {
      reply = await this.#runner.run(client, READ_OR_LEASE, [name], [place.text, revision])
    } catch (error) {
      if (!isRefusalOfWrites(error)) throw error
      // A script that may write is not even begun, so it has not told what the key holds.
      return (await client.getBuffer(name)) ?? { refusal: error }
    }
    if (Buffer.isBuffer(reply)) return reply
    if (!Array.isArray(reply) || !Buffer.isBuffer(reply[0]))
      throw malformedReply('it must be a lease')
    return { revision: reply[0].toString(), leasedMs: toNumber(reply[1]) }
  }

  renewLease(
    client: RedisClient,
    { name, place }: NamedPlace,
    revision: string,
    leaseMs: number,
  ): Promise<unknown> {
    return this.#runner.run(client, RENEW_LEASE, [name], [place.text, revision, leaseMs])
  }

  async write(
    client: RedisClient,
    { name, place }: NamedPlace,
    { bytes, heldUntil }: SealedValue,
    expected: ExpectedRevision | undefined,
    time: WriteTime,
    isWanted: () => boolean,
  ): Promise<boolean | 'late'> {
    const args = [bytes, holdOf(heldUntil), deadlineOf(time)]
    if (expected !== undefined) args.push(expected, place.text)
    const at = toNumber(await this.#runner.run(client, WRITE, [name], args, isWanted))
    return at !== 0 && wasInTime(at, time)
  }

  async writeMany(
    client: RedisClient,
    names: readonly string[],
    values: readonly SealedValue[],
    time: WriteTime,
  ): Promise<true | 'late'> {
    const args: ProgramArgument[] = [deadlineOf(time)]
    for (const { bytes, heldUntil } of values) args.push(bytes, holdOf(heldUntil))
    return wasInTime(toNumber(await this.#runner.run(client, WRITE_MANY, names, args)), time)
  }

  async peek(
    client: RedisClient,
    keys: readonly NamedPlace[],
    maxBytes: number,
  ): Promise<(HeadReply | null)[]> {
    const args = [maxBytes, ...keys.map(({ place }) => place.text)]
    return toHeads(await this.#runner.run(client, PEEK, namesOf(keys), args), keys.length)
  }

  async remove(
    client: RedisClient,
    keys: readonly NamedPlace[],
    maxBytes: number,
    stays: readonly string[],
  ): Promise<(HeadReply | null)[]> {
    const args: ProgramArgument[] = [maxBytes]
    for (const [index, { place }] of keys.entries()) args.push(place.text, stays[index] ?? '')
    return toHeads(await this.#runner.run(client, REMOVE, namesOf(keys), args), keys.length)
  }

  removeIfUnchanged(client: RedisClient, name: string, bytes: Buffer): Promise<unknown> {
    const digest = createHash('sha1').update(bytes).digest('hex')
    return this.#runner.run(client, REMOVE_IF_UNCHANGED, [name], [digest])
  }

  async takeVersions(
    client: RedisClient,
    tags: readonly NamedRecord[],
    version: string,
    { holdMs, lifeMs }: VersionLife,
  ): Promise<(string | null)[]> {
    const args: ProgramArgument[] = [version, holdMs, lifeMs]
    for (const { head, start } of tags) args.push(head, head + start)
    const lines = await this.#runner.run(client, TAKE_VERSIONS, namesOf(tags), args)
    if (!Array.isArray(lines) || lines.length !== tags.length)
      throw malformedReply('it must be tag versions')
    return lines.map((line: unknown) => (Buffer.isBuffer(line) ? line.toString() : null))
  }

  async removeRecords(client: RedisClient, records: readonly NamedRecord[]): Promise<number> {
    const heads = records.map(({ head }) => head)
    return Number(await this.#runner.run(client, REMOVE_RECORDS, namesOf(records), heads))
  }

  async replaceRecord(
    client: RedisClient,
    name: string,
    expected: string,
    line: string,
  ): Promise<string | null> {
    const now = await this.#runner.run(client, REPLACE_RECORD, [name], [expected, line])
    return Buffer.isBuffer(now) ? now.toString() : null
  }

  advanceEpoch(client: RedisClient, name: string): Promise<unknown> {
    return this.#runner.run(client, ADVANCE_EPOCH, [name])
  }
}

function namesOf(keys: readonly { readonly name: string }[]): string[] {
  return keys.map(({ name }) => name)
}

function holdOf(heldUntil: number): ProgramArgument {
  return heldUntil === Number.POSITIVE_INFINITY ? '' : heldUntil
}

function deadlineOf({ clock, startedAt, timeoutMs }: WriteTime): number {
  return clock.deadline(timeoutMs, startedAt)
}

/** @param at - the server's time, less than 0 when it was too late */
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
  if (!Array.isArray(reply) || reply.length !== count)
    throw malformedReply('it must be a list of heads')
  for (const each of reply as unknown[]) {
    if (each !== null && !(Array.isArray(each) && Buffer.isBuffer(each[0]))) {
      throw malformedReply('it must be a list of heads')
    }
  }
  return reply as (HeadReply | null)[]
}
