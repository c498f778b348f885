import { createHash } from 'node:crypto'
import { InfrastructureError, type StorePlan } from '@verbatim/cache-core'
import type { Redis } from 'ioredis'
import { glimpse, type TagVersion } from '../codec/envelope.js'
import type { Seal, ValueCodec } from '../codec/value-codec.js'
import type { RedisClient } from '../connection/redis-client.js'
import type { RunCommands } from '../connection/redis-connection.js'
import { follow, type NowOrLater } from '../now-or-later.js'
import { scanKeys } from './key-scan.js'
import type { Keyspace } from './keyspace.js'
import { groupBySlot, nodeOf } from './placement.js'
import {
  LEASE_MS,
  PEEK,
  READ_OR_LEASE,
  REMOVE,
  REMOVE_IF_UNCHANGED,
  RENEW_LEASE,
  WRITE,
} from './programs.js'
import type { Script } from './script.js'
import type { ServerClock } from './server-clock.js'
import type { ServerClocks } from './server-clocks.js'
import { type CorruptValue, type StoredValue, StoredValues } from './stored-values.js'

/** The most keys named in one command. */
const PAGE = 500

/** A client may have been told to answer numbers as text. */
type RedisNumber = number | string

/** The head of a value, and how long Redis still holds it. */
type GlimpseReply = readonly [head: Buffer, left: RedisNumber]

/** A key without a value that somebody is to load. */
export interface LoadLease {
  /** By which the state of the key is told from any other. */
  readonly seen: string
  /** For how long another process has the load to itself; 0 when the load is ours. */
  readonly leasedMs: number
}

/** What can be told of a value without reading it. */
export interface Glimpse {
  /** As in {@link StoredValue}. */
  readonly freshMs: number
  readonly tags: readonly TagVersion[]
}

/** What a write was to do. */
export interface Write extends Pick<StorePlan, 'lifeMs' | 'graceMs'> {
  readonly seal: Seal
  readonly tags: readonly TagVersion[]
  /** The only state of the key over which it may be done; over any when left out. */
  readonly over?: string | undefined
  /** Whether no later change of the key has gone ahead. */
  readonly isWanted: () => boolean
}

export interface RedisTierOptions {
  readonly client: RedisClient
  readonly run: RunCommands
  readonly masters: () => readonly Redis[]
  readonly codec: ValueCodec
  readonly keyspace: Keyspace
  readonly clocks: ServerClocks
  /** The longest that a command may take. */
  readonly commandTimeoutMs: number
}

/** The commands of this cache, all on keys under its prefix. */
export class RedisTier {
  readonly #client: RedisClient
  readonly #masters: () => readonly Redis[]
  readonly #run: RunCommands
  readonly #values: StoredValues
  readonly #keyspace: Keyspace
  readonly #clocks: ServerClocks
  readonly #commandTimeoutMs: number

  constructor(options: RedisTierOptions) {
    this.#masters = options.masters
    this.#client = options.client
    this.#run = options.run
    this.#keyspace = options.keyspace
    this.#clocks = options.clocks
    this.#commandTimeoutMs = options.commandTimeoutMs
    this.#values = new StoredValues({
      codec: options.codec,
      clockOf: (name) => this.#clockOf(name),
      lifeOf: async (name) => toLife(await this.#run((client) => client.pttl(name), name)),
    })
  }

  /** Answers `null` when there is no value. */
  async read(key: string): Promise<StoredValue | CorruptValue | null> {
    const name = this.#keyspace.nameOf(key)
    const send = (client: RedisClient): Promise<Buffer | null> => client.getBuffer(name)
    return this.#values.open(key, name, await this.#run(send, name))
  }

  /** Answers for each key as {@link RedisTier.read} does. */
  async readMany(keys: readonly string[]): Promise<(StoredValue | CorruptValue | null)[]> {
    const names = keys.map((key) => this.#keyspace.nameOf(key))
    const found = await this.#onEach(names, (client, group) => client.mgetBuffer(...group))
    return Promise.all(
      names.map(async (name, index) =>
        this.#values.open(keys[index] as string, name, found[index] ?? null),
      ),
    )
  }

  /**
   * Reads a key that is going to be loaded if it has no value.
   *
   * @param stamp - marks the load, should it be ours
   * @returns `null` when the load cannot be leased to anybody
   */
  async readOrLease(
    key: string,
    stamp: string,
  ): Promise<StoredValue | CorruptValue | LoadLease | null> {
    const name = this.#keyspace.nameOf(key)
    const reply = await this.#run((client) => READ_OR_LEASE.run(client, [name], [stamp]), name)
    if (!Array.isArray(reply)) return this.#values.open(key, name, reply as Buffer | null)
    const [seen, leasedMs] = reply as [Buffer, RedisNumber]
    return { seen: seen.toString('latin1'), leasedMs: Number(leasedMs) }
  }

  /** Says that the load so marked is still under way, or no more. */
  async renewLease(key: string, seen: string, underWay: boolean): Promise<void> {
    const name = this.#keyspace.nameOf(key)
    const leaseMs = underWay ? LEASE_MS : 0
    await this.#run((client) => RENEW_LEASE.run(client, [name], [seen, leaseMs]), name)
  }

  /**
   * Answers false when the key was not in the state over which it was to be written, or a later
   * change has gone ahead.
   *
   * @throws InfrastructureError (`BACKEND_TIMEOUT`) also when the server came to it too late
   */
  async write(key: string, write: Write): Promise<boolean> {
    const name = this.#keyspace.nameOf(key)
    const send = (client: RedisClient): Promise<number> =>
      follow(this.#clockOf(name), (clock) => this.#write(client, clock, name, write))
    const at = await this.#run(send, name)
    if (at < 0) throw tooLate()
    return at > 0
  }

  async #write(
    client: RedisClient,
    clock: ServerClock,
    name: string,
    { seal, tags, lifeMs, graceMs, over, isWanted }: Write,
  ): Promise<number> {
    if (!isWanted()) return 0
    const startedAt = performance.now()
    const freshUntil = Math.floor(clock.earliest(startedAt) + lifeMs)
    const heldUntil = Math.floor(freshUntil + graceMs)
    const args = [
      seal(tags, freshUntil),
      heldUntil === Number.POSITIVE_INFINITY ? '' : heldUntil,
      clock.deadline(this.#commandTimeoutMs, startedAt),
    ]
    if (over !== undefined) args.push(over)
    const at = Number(await WRITE.run(client, [name], args, isWanted))
    if (at !== 0) clock.sample(Math.abs(at), startedAt)
    return at
  }

  /** Removes keys. Answers for each what was there. */
  remove(keys: readonly string[]): Promise<(Glimpse | null)[]> {
    return this.#glimpses(REMOVE, keys)
  }

  /** Answers for each key what is there. */
  peek(keys: readonly string[]): Promise<(Glimpse | null)[]> {
    return this.#glimpses(PEEK, keys)
  }

  async removeCorrupt(key: string, bytes: Buffer): Promise<void> {
    const digest = createHash('sha1').update(bytes).digest('hex')
    const name = this.#keyspace.nameOf(key)
    await this.#run((client) => REMOVE_IF_UNCHANGED.run(client, [name], [digest]), name)
  }

  scan(pattern: string): AsyncIterable<string[]> {
    const options = { run: this.#run, masters: this.#masters, keyspace: this.#keyspace }
    return scanKeys(options, pattern)
  }

  #clockOf(name: string): NowOrLater<ServerClock> {
    return this.#clocks.of(nodeOf(this.#client, name))
  }

  /** Asks a group of names at a time. Answers for each, in their order. */
  async #onEach<T>(
    names: readonly string[],
    ask: (client: RedisClient, group: readonly string[]) => Promise<T[]>,
  ): Promise<T[]> {
    const answers: T[] = []
    await Promise.all(
      groupBySlot(this.#client, names, PAGE).map(async (group) => {
        const groupNames = group.map((index) => names[index] as string)
        const found = await this.#run((client) => ask(client, groupNames), groupNames[0])
        for (const [place, index] of group.entries()) answers[index] = found[place] as T
      }),
    )
    return answers
  }

  async #glimpses(script: Script, keys: readonly string[]): Promise<(Glimpse | null)[]> {
    const names = keys.map((key) => this.#keyspace.nameOf(key))
    const found = await this.#onEach(
      names,
      (client, group) => script.run(client, group) as Promise<(GlimpseReply | null)[]>,
    )
    return found.map((each) => {
      if (each === null) return null
      const [head, left] = each
      const { graceMs, tags } = glimpse(head)
      return { freshMs: toLife(left) - graceMs, tags }
    })
  }
}

/** Redis says -1 for what never expires. */
function toLife(pttl: RedisNumber): number {
  return Number(pttl) < 0 ? Number.POSITIVE_INFINITY : Number(pttl)
}

/** Nothing was done, and nothing will be. */
function tooLate(): InfrastructureError {
  return new InfrastructureError('Redis came to the write only after its time was over', {
    code: 'BACKEND_TIMEOUT',
    context: { reply: 'LATE' },
  })
}
