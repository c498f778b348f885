import type { NowOrLater } from '../now-or-later.js'
import type { Tally } from '../tally.js'
import type { BackendTrouble } from './backend-trouble.js'
import type { ChangeLog } from './change-log.js'
import type { LoadLease } from './programs/key-programs.js'
import type { Glimpse, RedisTier } from './redis-tier.js'
import type { Stamps } from './stamps.js'
import type { CorruptValue, StoredValue } from './stored-values.js'
import type { TagVersions } from './tag-versions.js'

export interface SharedParts {
  readonly redis: RedisTier
  readonly tags: TagVersions
  readonly changes: ChangeLog
  readonly trouble: BackendTrouble
  readonly stamps: Stamps
  readonly tally: Tally
}

/**
 * Reads of Redis. What could not be deleted, or written, is kept out of sight until it has been.
 *
 * Methods answer `undefined` where Redis was no use, `null` where it has no value.
 */
export class SharedReads {
  readonly #parts: SharedParts

  constructor(parts: SharedParts) {
    this.#parts = parts
  }

  async read(key: string): Promise<StoredValue | null | undefined> {
    const { changes, redis, trouble } = this.#parts
    if (!changes.believes(key)) return undefined
    try {
      const intact = this.#intact(key, await redis.read(key))
      // To wait for what is there costs a twentieth of a read.
      return intact instanceof Promise ? await intact : intact
    } catch (error) {
      return trouble.none(error)
    }
  }

  /** Answers for each key as {@link SharedReads.read} does. */
  async readMany(keys: readonly string[]): Promise<(StoredValue | null | undefined)[] | undefined> {
    const { changes, redis, trouble } = this.#parts
    const believed = keys.filter((key) => changes.believes(key))
    if (believed.length === 0) return undefined
    try {
      const intact = await this.#allIntact(believed, await redis.readMany(believed))
      if (believed.length === keys.length) return intact
      const byKey = new Map(believed.map((key, index) => [key, intact[index]]))
      return keys.map((key) => byKey.get(key))
    } catch (error) {
      return trouble.none(error)
    }
  }

  /** Reads a key that is going to be loaded if it has no value. */
  async readOrLease(key: string): Promise<StoredValue | LoadLease | null | undefined> {
    const { changes, redis, stamps, trouble } = this.#parts
    if (!changes.believes(key)) return undefined
    try {
      const found = await redis.readOrLease(key, stamps.next())
      if (found !== null && 'leasedMs' in found) {
        trouble.foundNothing()
        return found
      }
      return await this.#intact(key, found)
    } catch (error) {
      return trouble.none(error)
    }
  }

  /** Answers `null` when the key is absent or stale; `Infinity` when it never expires. */
  async freshMs(key: string): Promise<number | null | undefined> {
    const { changes, redis, trouble } = this.#parts
    if (!changes.believes(key)) return undefined
    try {
      const found = await redis.peek([key])
      const [fresh] = await this.freshAmong([key], found)
      return fresh === undefined ? null : (found[0]?.freshMs ?? null)
    } catch (error) {
      return trouble.none(error)
    }
  }

  /**
   * Lists keys, each once.
   *
   * @throws InfrastructureError whatever the cache was told: half a list would look like a whole one
   */
  async *keys(pattern: string): AsyncIterable<string> {
    const { changes, redis } = this.#parts
    const listed = new Set<string>()
    for await (const page of redis.scan(pattern)) {
      for (const key of await this.freshAmong(page, await redis.peek(page))) {
        if (listed.has(key) || !changes.believes(key)) continue
        listed.add(key)
        yield key
      }
    }
  }

  /** Those keys that have, or had, a fresh value of which no tag was invalidated. */
  async freshAmong(keys: readonly string[], found: readonly (Glimpse | null)[]): Promise<string[]> {
    const valid = await this.#areValid(found)
    return keys.filter((_key, index) => valid[index] && (found[index]?.freshMs ?? -1) >= 0)
  }

  #intact(key: string, found: StoredValue | CorruptValue | null): NowOrLater<StoredValue | null> {
    const stored = this.#readable(key, found)
    // Most values have no tags, and nothing more has to be asked about them.
    if (stored === null || stored.tags.length === 0) return stored
    return this.#areValid([stored]).then(([isValid]) => (isValid ? stored : voided(stored)))
  }

  async #allIntact(
    keys: readonly string[],
    found: readonly (StoredValue | CorruptValue | null)[],
  ): Promise<(StoredValue | null)[]> {
    const readable = found.map((each, index) => this.#readable(keys[index] as string, each))
    const valid = await this.#areValid(readable)
    return readable.map((stored, index) => (stored && !valid[index] ? voided(stored) : stored))
  }

  /** A value that can be read. Any other counts as none, and leaves Redis. */
  #readable(key: string, found: StoredValue | CorruptValue | null): StoredValue | null {
    const { redis, trouble } = this.#parts
    if (found !== null && !('corrupt' in found)) return found
    trouble.foundNothing()
    if (found === null) return null
    trouble.foundCorrupt(key)
    // Nobody waits for it; who reads the key next will find it again.
    void redis.removeCorrupt(key, found.corrupt).catch(() => undefined)
    return null
  }

  async #areValid(found: readonly (Pick<Glimpse, 'tags'> | null)[]): Promise<boolean[]> {
    const { changes, tags } = this.#parts
    const lists = found.map((each) => each?.tags ?? [])
    const current = await tags.areCurrent(lists)
    return lists.map(
      (list, index) => current[index] === true && list.every(([tag]) => changes.believesTag(tag)),
    )
  }
}

function voided(stored: StoredValue): StoredValue {
  return { ...stored, isVoid: true }
}
