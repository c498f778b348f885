import { Random } from '../random.js'
import { isLoadedSlowly, KEYS_PER_GROUP, keysTagged, slowKeysOfGroup, tagsOf } from './keys.js'

/** Options of a workload. */
export interface WorkloadOptions {
  /** Number of hot keys. The first keys are used most. */
  readonly keys: number
  /** Number of additional keys. Each is used as often as the others. Default: 0. */
  readonly coldKeys: number
  /** With `private`, each process reads and writes only its own keys. */
  readonly sharing: 'shared' | 'private'
  /** Whether `getOrSet` is used. */
  readonly loads: boolean
  /** Whether a process can have several writes of one key in flight. */
  readonly overlap: boolean
  /** Average pause of a lane after an operation, in milliseconds. */
  readonly pauseMs: number
}

const MOST_KEYS_AT_ONCE = 8
/** Share of the operations that a pause follows. Between pauses a lane does not wait. */
const PAUSES = 0.1
/** Share of the operations on cold keys. */
const COLD = 0.05
/** Average number of operations per key between two calls of `clear`. */
const OPERATIONS_PER_KEY_AND_CLEAR = 100
/** Shortest and longest slow load in milliseconds. Above one second the lease is renewed. */
const SLOW_LOAD_MS = [300, 3_500] as const

export type OperationName =
  | 'get'
  | 'getMany'
  | 'getOrSet'
  | 'set'
  | 'setMany'
  | 'delete'
  | 'deleteMany'
  | 'invalidatePattern'
  | 'invalidateTags'
  | 'clear'

/** One operation of a lane. */
export interface Step {
  readonly operation: OperationName
  /** Keys that the operation reads or changes. */
  readonly keys: readonly number[]
  /** Tags that the operation invalidates. */
  readonly tags: readonly string[]
  /** TTL of the stored value; `undefined` for the default of the cache. */
  readonly ttlMs: number | undefined
  /** Time that a loader takes in addition to the read of the source. */
  readonly loadMs: number
  /** Pause after the operation. */
  readonly pauseMs: number
}

const NO_TAGS: readonly string[] = []

/** Weights of the operations, in a thousandth. */
const MIX: Readonly<Record<Exclude<OperationName, 'clear'>, number>> = {
  get: 680,
  getMany: 44,
  getOrSet: 150,
  set: 84,
  setMany: 3,
  delete: 30,
  deleteMany: 2,
  invalidatePattern: 2,
  invalidateTags: 5,
}

/** Operations in the frequency of their weights. */
const OPERATIONS = Object.entries(MIX).flatMap(([name, weight]) =>
  Array.from({ length: weight }, () => name as OperationName),
)

/** The lane and process of a workload. */
export interface WorkloadOwner {
  readonly seed: number
  readonly process: number
  readonly processes: number
  readonly lane: number
}

/** The operations of one lane of one process. The seed decides all of them. */
export class Workload {
  readonly #random: Random
  readonly #options: WorkloadOptions
  readonly #firstKey: number
  readonly #ownKeys: number

  constructor(options: WorkloadOptions, { seed, process, processes, lane }: WorkloadOwner) {
    this.#random = Random.for(seed, process, lane)
    this.#options = options
    this.#ownKeys = options.sharing === 'private' ? options.keys / processes : options.keys
    this.#firstKey = options.sharing === 'private' ? process * this.#ownKeys : 0
  }

  /** Returns the next operation of a normal lane. */
  next(): Step {
    const random = this.#random
    const { pauseMs } = this.#options
    const { operation, keys, tags } = this.#targetOf(this.#operation())
    return {
      operation,
      keys,
      tags,
      ttlMs: random.chance(0.1) ? Math.floor(random.between(100, 1_000)) : undefined,
      loadMs: random.chance(0.1) ? random.between(5, 30) : 0,
      pauseMs: random.chance(PAUSES) ? random.between(0, (2 * pauseMs) / PAUSES) : 0,
    }
  }

  /**
   * Returns the next operation of a lane for slow loads. Separate lanes load separate keys, because
   * every normal lane would otherwise soon wait for a slow load.
   */
  nextSlowLoad(): Step {
    const random = this.#random
    const { keys, coldKeys } = this.#options
    const slowKeys = slowKeysOfGroup(this.#key())
    const slow = slowKeys[random.below(slowKeys.length)] ?? 0
    const key = slow < keys + coldKeys ? slow : (slowKeysOfGroup(0)[0] ?? 0)
    return {
      operation: 'getOrSet',
      keys: [key],
      tags: NO_TAGS,
      ttlMs: undefined,
      loadMs: random.between(...SLOW_LOAD_MS),
      pauseMs: random.between(0, 50),
    }
  }

  #operation(): OperationName {
    const { keys, coldKeys, sharing } = this.#options
    const clears = 1 / ((keys + coldKeys) * OPERATIONS_PER_KEY_AND_CLEAR)
    if (sharing === 'shared' && this.#random.chance(clears)) return 'clear'
    return OPERATIONS[this.#random.below(OPERATIONS.length)] ?? 'get'
  }

  #targetOf(operation: OperationName): Pick<Step, 'operation' | 'keys' | 'tags'> {
    switch (operation) {
      case 'clear':
        return { operation, keys: this.#allKeys(), tags: NO_TAGS }
      case 'invalidatePattern':
        return { operation, keys: groupOf(this.#key()), tags: NO_TAGS }
      case 'invalidateTags':
        return { operation, ...this.#taggedKeys() }
      case 'getMany':
      case 'deleteMany':
        return { operation, keys: this.#severalKeys(), tags: NO_TAGS }
      case 'setMany': {
        // The first key of each group has no tags, because all values of one call share their tags.
        const keys = this.#severalKeys().map((key) => key - (key % KEYS_PER_GROUP))
        return { operation, keys: [...new Set(keys)], tags: NO_TAGS }
      }
      case 'getOrSet': {
        const key = this.#key()
        const isLoaded = this.#options.loads && !isLoadedSlowly(key)
        return { operation: isLoaded ? operation : 'get', keys: [key], tags: NO_TAGS }
      }
      default:
        return { operation, keys: [this.#key()], tags: NO_TAGS }
    }
  }

  /** Returns one tag or two tags of a group, and all keys that have one of them. */
  #taggedKeys(): Pick<Step, 'keys' | 'tags'> {
    const group = groupOf(this.#key())
    const all = [...new Set(group.flatMap(tagsOf))]
    const tags = this.#random.chance(0.3) ? all : [all[this.#random.below(all.length)] ?? '']
    return { keys: keysTagged(group, tags), tags }
  }

  #severalKeys(): number[] {
    const count = 2 + this.#random.below(MOST_KEYS_AT_ONCE - 1)
    return [...new Set(Array.from({ length: count }, () => this.#key()))]
  }

  #allKeys(): number[] {
    const { keys, coldKeys } = this.#options
    return Array.from({ length: keys + coldKeys }, (_, key) => key)
  }

  #key(): number {
    const { keys, coldKeys } = this.#options
    if (coldKeys > 0 && this.#random.chance(COLD)) return keys + this.#random.below(coldKeys)
    return this.#firstKey + Math.floor(this.#ownKeys * this.#random.fraction() ** 2)
  }
}

function groupOf(key: number): number[] {
  const first = key - (key % KEYS_PER_GROUP)
  return Array.from({ length: KEYS_PER_GROUP }, (_, offset) => first + offset)
}
