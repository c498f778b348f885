import { readHead, type TagVersion } from '../codec/stored-line.js'
import type { RedisClient } from '../connection/clients.js'
import { groupBySlot } from '../connection/cluster-slots.js'
import type { HeadReply, KeyCommands, NamedPlace, RedisNumber } from './scripts/key-commands.js'
import { extraTimeFor, PAGE, type StoreParts } from './store-parts.js'

/** The metadata of a value, without its body. */
export interface Metadata {
  /** The rest of the TTL by the expiry of the key in Redis, without the grace for stale values. */
  readonly freshMs: number
  readonly generation: string | undefined
  readonly tags: readonly TagVersion[]
}

/** A command that returns the head of each value. */
type AskForHeads = (
  commands: KeyCommands,
  client: RedisClient,
  named: readonly NamedPlace[],
) => Promise<(HeadReply | null)[]>

/** Reads the heads of values: how long they stay fresh, and whether they are valid. */
export class KeyMetadata {
  readonly #parts: StoreParts

  constructor(parts: StoreParts) {
    this.#parts = parts
  }

  /**
   * Returns the metadata of each key; `null` where there is no value of this cache.
   *
   * @param maxBytes - larger values count as none. Default: what this process can read
   */
  peek(
    keys: readonly string[],
    maxBytes: number = this.#parts.codec.maxStoredBytes,
  ): Promise<(Metadata | null)[]> {
    return this.of(keys, (commands, client, named) => commands.peek(client, named, maxBytes))
  }

  /** Runs a command that returns heads, for a group of keys at a time. */
  async of(keys: readonly string[], ask: AskForHeads): Promise<(Metadata | null)[]> {
    const { client, run, masters, keyspace } = this.#parts
    const all = keys.map((key) => keyspace.named(key))
    const names = all.map(({ name }) => name)
    const found: (Metadata | null)[] = []
    await Promise.all(
      groupBySlot(client, names, PAGE).map(async (group) => {
        const named = group.map((index) => all[index] as NamedPlace)
        const first = named[0]?.name ?? ''
        const send = (on: RedisClient): Promise<(HeadReply | null)[]> =>
          ask(masters.of(first).commands, on, named)
        const heads = await run(send, first, extraTimeFor(named.length))
        for (const [position, index] of group.entries()) {
          found[index] = metadataIn(named[position] as NamedPlace, heads[position] ?? null)
        }
      }),
    )
    return found
  }

  /** Returns the keys that hold, or held, a fresh and valid value. */
  async freshAmong(
    keys: readonly string[],
    found: readonly (Metadata | null)[],
  ): Promise<string[]> {
    const { generations, keyspace, tags } = this.#parts
    const valid = await tags.areValid(found.map((each) => each?.tags ?? []))
    const fresh = await Promise.all(
      keys.map(async (key, index) => {
        const each = found[index]
        if (!valid[index] || each === null || each === undefined || each.freshMs < 0) return false
        if (each.generation === undefined) return true
        return each.generation === (await generations.current(keyspace.nameOf(key)))
      }),
    )
    return keys.filter((_key, index) => fresh[index])
  }
}

function metadataIn({ place }: NamedPlace, reply: HeadReply | null): Metadata | null {
  if (reply === null) return null
  const [bytes, left] = reply
  if (bytes.toString('latin1', 0, 5) === 'rawj:') {
    return { freshMs: toTtlMs(left), generation: undefined, tags: [] }
  }
  const head = readHead(place, bytes)
  if (head === undefined) return null
  const { graceMs, generation, tags } = head
  return { freshMs: toTtlMs(left) - graceMs, generation, tags }
}

/** Returns a TTL in milliseconds. Redis replies -1 for a key that never expires. */
export function toTtlMs(pttl: RedisNumber): number {
  return Number(pttl) < 0 ? Number.POSITIVE_INFINITY : Number(pttl)
}
