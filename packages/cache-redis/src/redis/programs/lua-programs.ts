import { createHash } from 'node:crypto'
import type { RedisClient } from '../../connection/redis-client.js'
import type {
  HeadReply,
  KeyPrograms,
  LoadLease,
  RedisNumber,
  SealedValue,
  VersionLife,
  WriteTime,
} from './key-programs.js'
import { isRefusal, type ProgramRunner } from './program.js'
import {
  PEEK,
  READ_OR_LEASE,
  REMOVE,
  REMOVE_IF_UNCHANGED,
  RENEW_LEASE,
  TAKE_VERSIONS,
  WRITE,
} from './sources.js'

/** Each is one step: nothing happens to its keys in between. */
export class LuaPrograms implements KeyPrograms {
  readonly #runner: ProgramRunner

  constructor(runner: ProgramRunner) {
    this.#runner = runner
  }

  async readOrLease(
    client: RedisClient,
    name: string,
    stamp: string,
  ): Promise<Buffer | LoadLease | null> {
    const reply = await this.#runner
      .run(client, READ_OR_LEASE, [name], [stamp])
      .catch((error: unknown) => {
        // A function that may write is not even begun when Redis is out of memory.
        if (!isRefusal(error, 'OOM')) throw error
        return client.getBuffer(name)
      })
    if (!Array.isArray(reply)) return reply as Buffer | null
    const [seen, leasedMs] = reply as [Buffer, RedisNumber]
    return { seen: seen.toString(), leasedMs: Number(leasedMs) }
  }

  renewLease(client: RedisClient, name: string, seen: string, leaseMs: number): Promise<unknown> {
    return this.#runner.run(client, RENEW_LEASE, [name], [seen, leaseMs])
  }

  async write(
    client: RedisClient,
    name: string,
    { bytes, heldUntil, over }: SealedValue,
    { clock, startedAt, timeoutMs }: WriteTime,
    isWanted: () => boolean,
  ): Promise<boolean | 'late'> {
    const hold = heldUntil === Number.POSITIVE_INFINITY ? '' : heldUntil
    const args = [bytes, hold, clock.deadline(timeoutMs, startedAt)]
    if (over !== undefined) args.push(over)
    const at = Number(await this.#runner.run(client, WRITE, [name], args, isWanted))
    if (at === 0) return false
    clock.sample(Math.abs(at), startedAt)
    return at > 0 ? true : 'late'
  }

  peek(client: RedisClient, names: readonly string[]): Promise<(HeadReply | null)[]> {
    return this.#runner.run(client, PEEK, names) as Promise<(HeadReply | null)[]>
  }

  remove(client: RedisClient, names: readonly string[]): Promise<(HeadReply | null)[]> {
    return this.#runner.run(client, REMOVE, names) as Promise<(HeadReply | null)[]>
  }

  removeIfUnchanged(client: RedisClient, name: string, bytes: Buffer): Promise<unknown> {
    const digest = createHash('sha1').update(bytes).digest('hex')
    return this.#runner.run(client, REMOVE_IF_UNCHANGED, [name], [digest])
  }

  async takeVersions(
    client: RedisClient,
    names: readonly string[],
    version: string,
    { holdMs, lifeMs }: VersionLife,
  ): Promise<string[]> {
    const args = [version, holdMs, lifeMs]
    const versions = await this.#runner.run(client, TAKE_VERSIONS, names, args)
    return (versions as Buffer[]).map(String)
  }
}
