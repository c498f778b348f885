import { Owner, Place } from '../codec/stored-line.js'
import { slotOf } from '../connection/key-slot.js'

/** Starts every name under the prefix that is not a caller's key. */
const RESERVED = '\0'

/** What the reserved names that are not tags hold. */
const GENERATION = 'generation'
const EPOCH = 'epoch'
const RUNS = 'runs'

/** So many short texts have one in each slot of a cluster, almost certainly. */
const MOST_CANDIDATES = 300_000

/** The names of the records that one master holds about the prefix. */
export interface RecordNames {
  /** The slot that they share. */
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
    // In a cluster the part in braces decides the slot: one for all tags, so that one command may name
    // several. A prefix with braces of its own decides the slot already, for keys and tags alike.
    this.#tagPrefix = `${prefix}${RESERVED}{tags of ${prefix.replaceAll(/[{}]/g, '')}}`
    this.#recordPrefix = `${prefix}${RESERVED}{slot `
  }

  /** Returns the name of a caller's key in Redis. */
  nameOf(key: string): string {
    return key.startsWith(RESERVED) ? `${this.prefix}${RESERVED}${key}` : this.prefix + key
  }

  /** Returns where a caller's key belongs. */
  placeOf(key: string): Place {
    return new Place(this.#owner, key)
  }

  /** Returns the caller's key of a name; `undefined` for a reserved name, and for another prefix's. */
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

  /** Returns the tag whose version has this name, if it is such a name. */
  tagOf(name: string): string | undefined {
    return name.startsWith(this.#tagPrefix) ? name.slice(this.#tagPrefix.length) : undefined
  }

  /** Returns where a reserved name belongs. A caller's key never starts so. */
  placeOfReserved(name: string): string {
    return new Place(this.#owner, `${RESERVED}${RESERVED}${name}`).text
  }

  /**
   * Returns the names of the records of one master.
   *
   * @param owns - whether the master holds a slot; a single server holds every slot
   * @returns `undefined` when no name under the prefix can be on this master
   */
  recordsOn(owns: (slot: number) => boolean): RecordNames | undefined {
    const candidates = this.#isInOneSlot ? 1 : MOST_CANDIDATES
    for (let index = 0; index < candidates; index++) {
      const head = this.#recordHead(index)
      const slot = slotOf(head)
      if (!owns(slot)) continue
      return { slot, generation: head + GENERATION, epoch: head + EPOCH, runs: head + RUNS }
    }
    return undefined
  }

  /** Whether a name is one of the records of some master. */
  isRecord(name: string): boolean {
    return name.startsWith(this.#recordPrefix)
  }

  /** A prefix with braces of its own puts everything into one slot. */
  get #isInOneSlot(): boolean {
    return slotOf(this.#recordHead(0)) === slotOf(this.#recordHead(1))
  }

  #recordHead(index: number): string {
    return `${this.#recordPrefix}${index.toString(36)}}`
  }
}
