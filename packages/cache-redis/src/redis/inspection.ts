import type { InspectedEntry } from '@verbatim/cache-core'
import { codecFailed, unreadable } from '../codec/codec-errors.js'
import { malformedReply } from '../connection/connection-errors.js'
import { scanKeys } from './key-scan.js'
import { groupBySlot } from './placement.js'
import type { NamedPlace } from './programs/key-programs.js'
import { PAGE, type RedisReads, type StoreParts } from './reads.js'

/** Reads whole stores for tools that look after them. Sends no command that writes. */
export class RedisInspection {
  readonly #parts: StoreParts
  readonly #reads: RedisReads

  constructor(parts: StoreParts, reads: RedisReads) {
    this.#parts = parts
    this.#reads = reads
  }

  /**
   * Reads the fresh values of the keys that a glob matches, and changes nothing.
   *
   * @throws InfrastructureError whatever the error policy is: half of them would look like all
   */
  async *inspect(pattern: string): AsyncIterable<InspectedEntry> {
    const { masters, run, keyspace, pending } = this.#parts
    const listed = new Set<string>()
    for (const master of await run(async () => masters())) {
      for await (const page of scanKeys({ run, master, keyspace }, pattern)) {
        // Also values that are too large for this process: they are named.
        const heads = await this.#reads.metadataOf(page, (programs, client, named) =>
          programs.peek(client, named, Number.MAX_SAFE_INTEGER),
        )
        const fresh = await this.#reads.freshAmong(page, heads)
        const keys = fresh.filter((key) => !listed.has(key) && pending.isTrusted(key))
        for (const key of keys) listed.add(key)
        yield* await this.#inspectAll(keys)
      }
    }
  }

  async #inspectAll(keys: readonly string[]): Promise<InspectedEntry[]> {
    const { client, keyspace, run } = this.#parts
    const all = keys.map((key) => {
      return { name: keyspace.nameOf(key), place: keyspace.placeOf(key) }
    })
    const entries: InspectedEntry[] = []
    const names = all.map(({ name }) => name)
    for (const group of groupBySlot(client, names, PAGE)) {
      const groupNames = group.map((index) => names[index] as string)
      const replies = await run((on) => on.mgetBuffer(...groupNames), groupNames[0])
      if (!Array.isArray(replies) || replies.length !== group.length) {
        throw malformedReply('it must be a list of values')
      }
      for (const [place, index] of group.entries()) {
        const bytes = replies[place]
        const key = keys[index] as string
        if (!bytes) continue
        const opened = await this.#reads.open(all[index] as NamedPlace, bytes)
        if (opened === undefined) entries.push({ key, error: codecFailed('no thread was free') })
        else if ('reason' in opened) entries.push({ key, error: unreadable(opened.reason) })
        else if (opened.freshMs >= 0) {
          const isForEver = opened.freshMs === Number.POSITIVE_INFINITY
          entries.push({ key, value: opened.value, ttl: isForEver ? null : opened.freshMs / 1_000 })
        }
      }
    }
    return entries
  }
}
