import type { MemoryTtl } from '../cache-entry.js'
import { RunningLoader } from './running-loader.js'

/** One run of a loader that several callers may be waiting for. */
export interface Flight<T = unknown> {
  readonly key: string
  /** Tags that the loaded value will carry. */
  readonly tags: readonly string[]
  /** Past this time on the cache's clock nobody joins it any more; `Infinity` for never. */
  readonly overdueAt: number
  /** What the loader answers. */
  readonly result: Promise<T>
  /** The key's state over which the loaded value may be stored; `undefined` where nobody else writes. */
  expectedRevision: string | undefined
  readonly memoryTtl: MemoryTtl
  /** True once the key was written or invalidated after this load began. */
  readonly fenced: boolean
  /** Aborted when nobody wants the answer any more. */
  readonly signal: AbortSignal
  /** How many callers are waiting for the answer now. */
  waiting: number
  /** Set when the answer is wanted in the cache, whether or not anybody waits for it. */
  isBackground: boolean
  /** Set when a caller has timed out: the load goes on although nobody waits for it. */
  outlivesCallers: boolean
  /** Whether one of its callers wants the value to be stored. */
  shouldStore: boolean
  /** Whether it was started although there was a value, or a load under way. */
  readonly isRefresh: boolean
  /** Whether a caller waits or the cache wants the value; false once all callers have given up. */
  readonly isWanted: boolean
  /** Finds loaders that wait for themselves. */
  readonly runningLoader: RunningLoader
  /** Set when its failure was told to those who look after the cache. */
  isFailureReported: boolean
}

export interface FlightOptions {
  readonly tags?: readonly string[]
  readonly overdueAt?: number
  readonly expectedRevision?: string | undefined
  readonly memoryTtl?: MemoryTtl
  readonly isRefresh?: boolean
  readonly shouldStore?: boolean
}

/**
 * Lets one load a key run at a time and hands its result to everyone who asked meanwhile.
 *
 * Whoever writes, deletes or invalidates a key must call {@link SingleFlight.fence} for it. A
 * fenced load still answers the callers that were already waiting, for they asked before the
 * change, but it must not be stored, and callers that come after the change start a load of their
 * own.
 */
export class SingleFlight {
  readonly #current = new Map<string, FlightRecord>()
  /** Loads that nobody joins any more but that may still be stored, in the order they began. */
  readonly #overdue = new Set<FlightRecord>()

  /** Joins the load under way for this key, or starts one. */
  run<T>(key: string, load: (flight: Flight) => Promise<T>): Promise<T> {
    return (this.inFlight<T>(key, 0) ?? this.start(key, load)).result
  }

  /** The load under way for this key, if it is not overdue. */
  inFlight<T>(key: string, now: number): Flight<T> | undefined {
    const flight = this.#current.get(key)
    if (flight === undefined || now <= flight.overdueAt) return flight as Flight<T> | undefined
    this.retire(flight)
    return undefined
  }

  /** Starts a load that callers who come meanwhile find by {@link SingleFlight.inFlight}. */
  start<T>(
    key: string,
    load: (flight: Flight<T>) => Promise<T>,
    options: FlightOptions = {},
  ): Flight<T> {
    const flight = new FlightRecord(key, options)
    const replaced = this.#current.get(key)
    if (replaced !== undefined) this.retire(replaced)
    this.#current.set(key, flight)
    // Before the load begins: a loader may ask for its own key before it returns a promise.
    let settle!: (result: Promise<T>) => void
    flight.result = new Promise<T>((resolve) => {
      settle = resolve
    }).finally(() => this.#forget(flight))
    // Inside a promise: a loader that throws at once has failed like any other.
    settle(new Promise<T>((resolve) => resolve(load(flight as Flight<T>))))
    return flight as Flight<T>
  }

  /** Lets nobody join this load any more. It may still be stored. */
  retire(flight: Flight): void {
    if (this.#current.get(flight.key) !== flight) return
    this.#current.delete(flight.key)
    this.#overdue.add(flight as FlightRecord)
  }

  /** Keeps loads of this key from being stored: it has changed. */
  fence(key: string): void {
    const current = this.#current.get(key)
    if (current !== undefined) this.#fence(current)
    if (this.#overdue.size > 0) this.#fenceWhere((flight) => flight.key === key)
  }

  /**
   * Keeps loads from being stored whose values carry one of these tags: it was invalidated.
   *
   * @param hasTag - whether what the cache holds under a key carries one of them: a load that began
   * for a stale value must not fall back on it
   */
  fenceTags(tags: readonly string[], hasTag: (key: string) => boolean = () => false): void {
    this.#fenceWhere(
      (flight) => flight.tags.some((tag) => tags.includes(tag)) || hasTag(flight.key),
    )
  }

  /** Keeps all loads from being stored: any key may have changed. */
  fenceAll(): void {
    this.#fenceWhere(() => true)
  }

  /** Keeps loads from being stored that are older than one of the same key, which is about to be. */
  fenceOlder(flight: Flight): void {
    for (const other of this.#overdue) {
      if (other === flight) return
      if (other.key === flight.key) this.#fence(other)
    }
  }

  /** Ends a load that nobody wants any more. */
  abandon(flight: Flight): void {
    this.#fence(flight as FlightRecord)
    ;(flight as FlightRecord).abort()
  }

  #fenceWhere(matches: (flight: Flight) => boolean): void {
    for (const flight of this.#current.values()) if (matches(flight)) this.#fence(flight)
    for (const flight of this.#overdue) if (matches(flight)) this.#fence(flight)
  }

  #fence(flight: FlightRecord): void {
    flight.fenced = true
    this.#forget(flight)
  }

  #forget(flight: FlightRecord): void {
    if (this.#current.get(flight.key) === flight) this.#current.delete(flight.key)
    this.#overdue.delete(flight)
  }
}

class FlightRecord implements Flight {
  readonly key: string
  readonly tags: readonly string[]
  readonly overdueAt: number
  expectedRevision: string | undefined
  readonly memoryTtl: MemoryTtl
  result: Promise<unknown> = Promise.resolve()
  fenced = false
  waiting = 0
  isBackground = false
  outlivesCallers = false
  shouldStore: boolean
  readonly isRefresh: boolean
  readonly runningLoader: RunningLoader
  isFailureReported = false
  #controller: AbortController | undefined

  constructor(
    key: string,
    {
      tags = [],
      overdueAt = Number.POSITIVE_INFINITY,
      expectedRevision,
      memoryTtl,
      isRefresh = false,
      shouldStore = true,
    }: FlightOptions,
  ) {
    this.key = key
    this.runningLoader = new RunningLoader(key)
    this.tags = tags
    this.overdueAt = overdueAt
    this.expectedRevision = expectedRevision
    this.memoryTtl = memoryTtl
    this.isRefresh = isRefresh
    this.shouldStore = shouldStore
  }

  get isWanted(): boolean {
    return this.waiting > 0 || this.isBackground
  }

  /** Made when asked for: most loaders do not look at it. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    return this.#controller.signal
  }

  abort(): void {
    // By way of the getter: a loader that asks for the signal later is told so too.
    void this.signal
    this.#controller?.abort()
  }
}
