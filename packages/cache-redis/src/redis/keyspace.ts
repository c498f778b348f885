import { randomBytes } from 'node:crypto'
import { Owner, Place } from '../codec/place.js'
import { slotOf } from '../connection/cluster-slots.js'
import type { NamedPlace } from './scripts/key-commands.js'

/** Starts every name under the prefix that is not a caller's key. */
const RESERVED = '\0'

/** Ends of the names of records. */
const GENERATION = 'generation'
const EPOCH = 'epoch'
const RUNS = 'runs'

/** Among so many short texts there is almost certainly one for each slot of a Cluster. */
const MAX_CANDIDATES = 300_000

/** The names of the records that one master holds about the prefix. */
export interface RecordNames {
  /** The slot of all of them. */
  readonly slot: number
  readonly generation: string
  readonly epoch: string
  readonly runs: string
}

/** Names in Redis. Everything that a cache touches is under its prefix. */
export class Keyspace {
  readonly prefix: string
  readonly #owner: Owner
  readonly #tagPrefix: string
  readonly #recordPrefix: string

  constructor(prefix: string, database: number) {
    this.prefix = prefix
    this.#owner = new Owner(prefix, database)
    // In a Cluster the part in braces decides the slot. All tags share one, so that one command can name
    // several. A prefix with braces decides the slot of keys and tags alike.
    this.#tagPrefix = `${prefix}${RESERVED}{tags of ${prefix.replaceAll(/[{}]/g, '')}}`
    this.#recordPrefix = `${prefix}${RESERVED}{slot `
  }

  /** Returns the name of a caller's key in Redis. */
  nameOf(key: string): string {
    return key.startsWith(RESERVED) ? `${this.prefix}${RESERVED}${key}` : this.prefix + key
  }

  /** Returns the place that the line of a caller's key carries. */
  placeOf(key: string): Place {
    return new Place(this.#owner, key)
  }

  /** Returns the name and the place of a caller's key. */
  named(key: string): NamedPlace {
    return { name: this.nameOf(key), place: this.placeOf(key) }
  }

  /** Returns the caller's key of a name; `undefined` for a reserved name or another prefix. */
  keyOf(name: string): string | undefined {
    if (!name.startsWith(this.prefix)) return undefined
    const key = name.slice(this.prefix.length)
    if (!key.startsWith(RESERVED)) return key
    return key.startsWith(RESERVED, 1) ? key.slice(1) : undefined
  }

  /** Returns the name of the version of a tag. */
  nameOfTag(tag: string): string {
    return this.#tagPrefix + tag
  }

  /** Returns the tag whose version has this name; `undefined` for any other name. */
  tagOf(name: string): string | undefined {
    return name.startsWith(this.#tagPrefix) ? name.slice(this.#tagPrefix.length) : undefined
  }

  /** Returns the place that the line of a reserved name carries. No caller's key has such a place. */
  placeOfReserved(name: string): string {
    return new Place(this.#owner, `${RESERVED}${RESERVED}${name}`).text
  }

  /**
   * Returns the names of the records of one master.
   *
   * @param owns - returns whether the master holds a slot; a single server holds every slot
   * @returns `undefined` when no name under the prefix can be on this master
   */
  recordsOn(owns: (slot: number) => boolean): RecordNames | undefined {
    const candidates = this.#isInOneSlot ? 1 : MAX_CANDIDATES
    for (let index = 0; index < candidates; index++) {
      const head = this.#recordHead(index)
      const slot = slotOf(head)
      if (!owns(slot)) continue
      return { slot, generation: head + GENERATION, epoch: head + EPOCH, runs: head + RUNS }
    }
    return undefined
  }

  /** Returns whether a name is a record of a master. */
  isRecord(name: string): boolean {
    return name.startsWith(this.#recordPrefix)
  }

  /** A prefix with braces puts all names into one slot. */
  get #isInOneSlot(): boolean {
    return slotOf(this.#recordHead(0)) === slotOf(this.#recordHead(1))
  }

  #recordHead(index: number): string {
    return `${this.#recordPrefix}${index.toString(36)}}`
  }
}

const ORIGIN_BYTES = 9
/** The first and the last counter with six hexadecimal digits. */
const FIRST = 0x100000
const LAST = 0xffffff

/** Gives every write a revision, which identifies the value that it stores. */
export class Revisions {
  #origin = ''
  #next = LAST + 1

  /** Returns 18 letters and digits that no other write has, in any process. */
  next(): string {
    if (this.#next > LAST) {
      this.#origin = randomBytes(ORIGIN_BYTES).toString('base64url')
      this.#next = FIRST
    }
    return this.#origin + (this.#next++).toString(16)
  }
}
