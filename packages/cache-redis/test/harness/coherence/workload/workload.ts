import { Random } from '../random.js'

/** How keys are shared, and what is done with them. */
export interface WorkloadOptions {
  readonly keys: number
  /** `private`: each process reads and writes keys of its own only. */
  readonly sharing: 'shared' | 'private'
  /** Whether values are loaded by `getOrSet` too. */
  readonly loads: boolean
  /** Whether a process may have several writes of one key under way at a time. */
  readonly overlap: boolean
  /** How long a lane pauses after an operation, on an average. */
  readonly pauseMs: number
}

/** Keys of one group share a pattern by which they are invalidated. */
export const KEYS_PER_GROUP = 4
const MOST_KEYS_READ_AT_ONCE = 8
/** After so many of its operations a lane pauses: between pauses all goes as quickly as it can. */
const PAUSES = 0.1

export type OperationName = 'get' | 'getMany' | 'getOrSet' | 'set' | 'delete' | 'invalidatePattern'

/** One thing that a lane does. */
export interface Step {
  readonly operation: OperationName
  /** One key, but for `getMany` and `invalidatePattern`. */
  readonly keys: readonly number[]
  /** The life of what is stored; `undefined` for the cache's default. */
  readonly lifeMs: number | undefined
  /** How long a loader takes, besides asking the source. */
  readonly loadMs: number
  /** The pause after it. */
  readonly pauseMs: number
}

/** Out of a thousand operations. */
const MIX: Readonly<Record<OperationName, number>> = {
  get: 460,
  getMany: 60,
  getOrSet: 220,
  set: 170,
  delete: 84,
  invalidatePattern: 6,
}

/** Whose workload it is. */
export interface WorkloadOwner {
  readonly seed: number
  readonly process: number
  readonly processes: number
  readonly lane: number
}

/** What one lane of one process does, step by step; the seed decides all of it. */
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

  next(): Step {
    const random = this.#random
    const { pauseMs } = this.#options
    const operation = this.#operation()
    return {
      operation,
      keys: this.#keysFor(operation),
      lifeMs: random.chance(0.1) ? Math.floor(random.between(100, 1_000)) : undefined,
      loadMs: random.chance(0.1) ? random.between(5, 30) : 0,
      pauseMs: random.chance(PAUSES) ? random.between(0, (2 * pauseMs) / PAUSES) : 0,
    }
  }

  #operation(): OperationName {
    let left = this.#random.below(1_000)
    for (const [name, weight] of Object.entries(MIX)) {
      left -= weight
      if (left >= 0) continue
      return name === 'getOrSet' && !this.#options.loads ? 'get' : (name as OperationName)
    }
    return 'get'
  }

  #keysFor(operation: OperationName): number[] {
    if (operation === 'invalidatePattern') {
      const first = Math.floor(this.#key() / KEYS_PER_GROUP) * KEYS_PER_GROUP
      return Array.from({ length: KEYS_PER_GROUP }, (_, offset) => first + offset)
    }
    if (operation !== 'getMany') return [this.#key()]
    const count = 2 + this.#random.below(MOST_KEYS_READ_AT_ONCE - 1)
    return [...new Set(Array.from({ length: count }, () => this.#key()))]
  }

  /** The first ones are the hottest. */
  #key(): number {
    return this.#firstKey + Math.floor(this.#ownKeys * this.#random.fraction() ** 2)
  }
}

/** By name: `g0:k3`, where all of a group begin alike. */
export function keyName(key: number): string {
  return `${groupName(key)}:k${key}`
}

export function patternOf(key: number): string {
  return `${groupName(key)}:*`
}

function groupName(key: number): string {
  return `g${Math.floor(key / KEYS_PER_GROUP)}`
}
