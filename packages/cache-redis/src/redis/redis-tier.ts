import { createHash } from 'node:crypto'
import { InfrastructureError, SerializationError } from '@verbatim/cache-core'
import type { Redis } from 'ioredis'
import { readFreshness, readTags, type TagVersion } from '../codec/envelope.js'
import type { Decoded, ValueCodec } from '../codec/value-codec.js'
import type { RedisClient } from '../connection/redis-client.js'
import type { RunCommands } from '../connection/redis-connection.js'
import { scanKeys } from './key-scan.js'
import type { Keyspace } from './keyspace.js'
import { groupBySlot, nodeOf } from './placement.js'
import {
  LEASE_MS,
  PEEK,
  READ,
  READ_OR_LEASE,
  REMOVE,
  REMOVE_IF_UNCHANGED,
  RENEW_LEASE,
  WRITE,
} from './programs.js'
import type { Script } from './script.js'
import type { ServerClocks } from './server-clocks.js'

/** The most keys named in one command. */
const PAGE = 500

/** A client may have been told to answer numbers as text. */
type RedisNumber = number | string

/** The bytes of a value, and how long Redis still holds them. */
type Reply = readonly [bytes: Buffer, left: RedisNumber]

/** A value as Redis holds it. */
export interface StoredValue extends Decoded {
  /** Whether a tag of it was invalidated: then it only tells the state of the key. */
  readonly isVoid: boolean
  /** What is left of its life; negative while only its grace is; `Infinity` when it never expires. */
  readonly freshMs: number
}

/** Bytes under a key that are no value of ours, or not intact. */
export interface CorruptValue {
  readonly corrupt: Buffer
}

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
export interface Write {
  readonly bytes: Buffer
  /** Its life and grace together; `Infinity` for ever. */
  readonly holdMs: number
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
}

/** The commands of this cache, all on keys under its prefix. */
export class RedisTier {
  readonly #client: RedisClient
  readonly #masters: () => readonly Redis[]
  readonly #run: RunCommands
  readonly #codec: ValueCodec
  readonly #keyspace: Keyspace
  readonly #clocks: ServerClocks

  constructor({ client, run, masters, codec, keyspace, clocks }: RedisTierOptions) {
    this.#masters = masters
    this.#client = client
    this.#run = run
    this.#codec = codec
    this.#keyspace = keyspace
    this.#clocks = clocks
  }

  /** Answers `null` when there is no value. */
  async read(key: string): Promise<StoredValue | CorruptValue | null> {
    const name = this.#keyspace.nameOf(key)
    const [reply] = (await this.#run(
      (client) => READ.run(client, [name]),
      name,
    )) as (Reply | null)[]
    return reply ? this.#decode(key, reply) : null
  }

  /** Answers for each key as {@link RedisTier.read} does. */
  async readMany(keys: readonly string[]): Promise<(StoredValue | CorruptValue | null)[]> {
    const replies = (await this.#onEach(READ, keys)) as (Reply | null)[]
    return Promise.all(
      replies.map(async (reply, index) => reply && this.#decode(keys[index] as string, reply)),
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
    stamp: Buffer,
  ): Promise<StoredValue | CorruptValue | LoadLease | null> {
    const name = this.#keyspace.nameOf(key)
    const reply = await this.#run((client) => READ_OR_LEASE.run(client, [name], [stamp]), name)
    if (reply === null) return null
    const [bytes, number, leased] = reply as [Buffer, RedisNumber, Buffer?]
    if (leased === undefined) return this.#decode(key, [bytes, number])
    return { seen: bytes.toString('latin1'), leasedMs: Number(number) }
  }

  /** Says that the load so marked is still under way, or no more. */
  async renewLease(key: string, seen: string, underWay: boolean): Promise<void> {
    const name = this.#keyspace.nameOf(key)
    const stamp = Buffer.from(seen, 'latin1')
    const leaseMs = underWay ? LEASE_MS : 0
    await this.#run((client) => RENEW_LEASE.run(client, [name], [stamp, leaseMs]), name)
  }

  /**
   * Answers false when the key was not in the state over which it was to be written, or a later
   * change has gone ahead.
   *
   * @throws InfrastructureError (`BACKEND_TIMEOUT`) also when the server came to it too late
   */
  async write(key: string, { bytes, holdMs, over, isWanted }: Write): Promise<boolean> {
    const name = this.#keyspace.nameOf(key)
    const hold = holdMs === Number.POSITIVE_INFINITY ? '' : holdMs
    const state = over === undefined ? [] : [Buffer.from(over, 'latin1')]
    const reply = await this.#run(async (client) => {
      const startedAt = performance.now()
      const clock = await this.#clocks.of(client, nodeOf(client, name), name)
      if (!isWanted()) return 0
      const deadline = clock.deadline(this.#clocks.timeoutMs, startedAt)
      const args = [bytes, hold, deadline, ...state]
      const at = Number(await WRITE.run(client, [name], args, isWanted))
      if (at !== 0) clock.sample(Math.abs(at))
      return at
    }, name)
    if (reply < 0) throw tooLate()
    return reply > 0
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

  async #decode(key: string, [bytes, left]: Reply): Promise<StoredValue | CorruptValue | null> {
    try {
      const { value, graceMs, loadMs, stamp, tags } = await this.#codec.decode(key, bytes)
      const freshMs = toLife(left) - graceMs
      return { value, graceMs, loadMs, stamp, tags, freshMs, isVoid: false }
    } catch (error) {
      // That there is no thread for a large value says nothing about its bytes.
      if (error instanceof SerializationError && error.code === 'CODEC_FAILED') return null
      return { corrupt: bytes }
    }
  }

  /** Runs a program that answers for each of its keys; answers for each, in their order. */
  async #onEach(script: Script, keys: readonly string[]): Promise<unknown[]> {
    const names = keys.map((key) => this.#keyspace.nameOf(key))
    const answers: unknown[] = Array.from(names)
    await Promise.all(
      groupBySlot(this.#client, names, PAGE).map(async (group) => {
        const groupNames = group.map((index) => names[index] as string)
        const found = await this.#run((client) => script.run(client, groupNames), groupNames[0])
        for (const [place, index] of group.entries()) answers[index] = (found as unknown[])[place]
      }),
    )
    return answers
  }

  async #glimpses(script: Script, keys: readonly string[]): Promise<(Glimpse | null)[]> {
    const found = (await this.#onEach(script, keys)) as (Reply | null)[]
    return found.map((each) => {
      if (each === null) return null
      const [head, left] = each
      return { freshMs: toLife(left) - readFreshness(head).graceMs, tags: readTags(head) }
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
