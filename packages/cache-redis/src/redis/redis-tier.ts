import type { StorePlan } from '@verbatim/cache-core'
import type { Redis } from 'ioredis'
import { glimpse, type TagVersion } from '../codec/envelope.js'
import type { Seal, ValueCodec } from '../codec/value-codec.js'
import { tooLate } from '../connection/connection-errors.js'
import type { RedisClient } from '../connection/redis-client.js'
import type { RunCommands } from '../connection/redis-connection.js'
import { follow } from '../now-or-later.js'
import type { Tally } from '../tally.js'
import { scanKeys } from './key-scan.js'
import type { Keyspace } from './keyspace.js'
import type { KnownMasters } from './known-masters.js'
import { groupBySlot } from './placement.js'
import type {
  HeadReply,
  KeyPrograms,
  LoadLease,
  RedisNumber,
  SealedValue,
} from './programs/key-programs.js'
import { LEASE_MS } from './programs/sources.js'
import { type CorruptValue, type StoredValue, StoredValues } from './stored-values.js'

const NOT_WRITTEN = Promise.resolve(false)

/** The most keys named in one command. */
const PAGE = 500

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
  readonly known: KnownMasters
  readonly tally: Tally
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
  readonly #known: KnownMasters
  readonly #tally: Tally
  readonly #commandTimeoutMs: number

  constructor(options: RedisTierOptions) {
    this.#masters = options.masters
    this.#client = options.client
    this.#run = options.run
    this.#keyspace = options.keyspace
    this.#known = options.known
    this.#tally = options.tally
    this.#commandTimeoutMs = options.commandTimeoutMs
    this.#values = new StoredValues({
      codec: options.codec,
      tally: options.tally,
      clockOf: (name) => this.#known.of(name).clock.look(),
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
    const send = (client: RedisClient): Promise<Buffer | LoadLease | null> => {
      const { clock, programs } = this.#known.of(name)
      return follow(clock.look(), (now) => programs.readOrLease(client, name, stamp, now))
    }
    const found = await this.#run(send, name)
    return found === null || Buffer.isBuffer(found) ? this.#values.open(key, name, found) : found
  }

  /** Says that the load so marked is still under way, or no more. */
  async renewLease(key: string, seen: string, underWay: boolean): Promise<void> {
    const name = this.#keyspace.nameOf(key)
    const leaseMs = underWay ? LEASE_MS : 0
    await this.#run(
      (client) => this.#known.of(name).programs.renewLease(client, name, seen, leaseMs),
      name,
    )
  }

  /**
   * Answers false when the key was not in the state over which it was to be written, or a later
   * change has gone ahead.
   *
   * @throws InfrastructureError (`BACKEND_TIMEOUT`) also when the server came to it too late
   */
  async write(key: string, write: Write): Promise<boolean> {
    const name = this.#keyspace.nameOf(key)
    const { isWanted } = write
    const timeoutMs = this.#commandTimeoutMs
    const send = (client: RedisClient): Promise<boolean | 'late'> => {
      // Its caller waits from here on, also if the clock has to be asked first.
      const startedAt = performance.now()
      const { clock: itsClock, programs } = this.#known.of(name)
      return follow(itsClock.look(), (clock) => {
        if (!isWanted()) return NOT_WRITTEN
        const value = sealed(write, clock.earliest(startedAt))
        this.#tally.wrote(Buffer.byteLength(value.bytes))
        const time = { clock, startedAt, timeoutMs }
        return programs.write(client, name, value, time, isWanted)
      })
    }
    const written = await this.#run(send, name)
    if (written === 'late') throw tooLate()
    return written
  }

  /** Removes keys. Answers for each what was there. */
  remove(keys: readonly string[]): Promise<(Glimpse | null)[]> {
    return this.#glimpses(keys, (programs, client, names) => programs.remove(client, names))
  }

  /** Answers for each key what is there. */
  peek(keys: readonly string[]): Promise<(Glimpse | null)[]> {
    return this.#glimpses(keys, (programs, client, names) => programs.peek(client, names))
  }

  async removeCorrupt(key: string, bytes: Buffer): Promise<void> {
    const name = this.#keyspace.nameOf(key)
    await this.#run(
      (client) => this.#known.of(name).programs.removeIfUnchanged(client, name, bytes),
      name,
    )
  }

  scan(pattern: string): AsyncIterable<string[]> {
    const options = { run: this.#run, masters: this.#masters, keyspace: this.#keyspace }
    return scanKeys(options, pattern)
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

  async #glimpses(
    keys: readonly string[],
    ask: (
      programs: KeyPrograms,
      client: RedisClient,
      names: readonly string[],
    ) => Promise<(HeadReply | null)[]>,
  ): Promise<(Glimpse | null)[]> {
    const names = keys.map((key) => this.#keyspace.nameOf(key))
    const found = await this.#onEach(names, (client, group) =>
      ask(this.#known.of(group[0] as string).programs, client, group),
    )
    return found.map((each) => {
      if (each === null) return null
      const [head, left] = each
      const { graceMs, tags } = glimpse(head)
      return { freshMs: toLife(left) - graceMs, tags }
    })
  }
}

/** The life of a value begins when it is sent. */
function sealed({ seal, tags, lifeMs, graceMs, over }: Write, now: number): SealedValue {
  const freshUntil = Math.floor(now + lifeMs)
  return { bytes: seal(tags, freshUntil), heldUntil: Math.floor(freshUntil + graceMs), over }
}

/** Redis says -1 for what never expires. */
function toLife(pttl: RedisNumber): number {
  return Number(pttl) < 0 ? Number.POSITIVE_INFINITY : Number(pttl)
}
