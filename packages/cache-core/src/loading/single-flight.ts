import type { MemoryTtl } from '../cache-entry.js'
import { RunningLoader } from './running-loader.js'

/** One run of a loader. Several callers may wait for it. */
export interface Flight<T = unknown> {
  readonly key: string
  /** Tags of the loaded value. */
  readonly tags: readonly string[]
  /** The last time on the cache's clock at which callers join it; `Infinity` for no end. */
  readonly overdueAt: number
  /** The result of the loader. */
  readonly result: Promise<T>
  /** The revision that the key must have when the value is stored; `undefined` for any. */
  expectedRevision: string | undefined
  readonly memoryTtl: MemoryTtl
  /** Whether the key was written or invalidated after this load began. */
  readonly fenced: boolean
  /** Aborted when no caller needs the result any longer. */
  readonly signal: AbortSignal
  /** Number of callers that wait for the result. */
  waiting: number
  /** Whether the result is to be stored even if no caller waits for it. */
  isBackground: boolean
  /** Whether a caller has timed out: the load goes on although no caller waits for it. */
  outlivesCallers: boolean
  /** Whether one of its callers stores the value. */
  shouldStore: boolean
  /** Whether it was started by the option `refresh`. */
  readonly isRefresh: boolean
  /** Whether a caller waits, or the load runs in the background. */
  readonly isWanted: boolean
  /** Finds loaders that wait for their own load. */
  readonly runningLoader: RunningLoader
  /** Whether its failure was reported. */
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
 * Runs one load per key at a time, and gives its result to every caller that asks during the load.
 *
 * Code that writes, deletes or invalidates a key must call {@link SingleFlight.fence} for it. The callers
 * that already wait still get the result of a fenced load, but the result must not be stored, and later
 * callers start a new load.
 *
 * @example
 * ```ts
 * const flights = new SingleFlight()
 * const [first, second] = await Promise.all([
 *   flights.run('user:1', loadUser),
 *   flights.run('user:1', loadUser), // joins the load of the first call
 * ])
 * ```
 */
export class SingleFlight {
  readonly #current = new Map<string, FlightRecord>()
  /** Loads that no new caller joins but that may still be stored, oldest first. */
  readonly #overdue = new Set<FlightRecord>()

  /** Joins the load of this key, or starts one. */
  run<T>(key: string, load: (flight: Flight) => Promise<T>): Promise<T> {
    return (this.inFlight<T>(key, 0) ?? this.start(key, load)).result
  }

  /** Returns the load of this key, unless it is overdue. */
  inFlight<T>(key: string, now: number): Flight<T> | undefined {
    const flight = this.#current.get(key)
    if (flight === undefined || now <= flight.overdueAt) return flight as Flight<T> | undefined
    this.retire(flight)
    return undefined
  }

  /** Starts a load, which {@link SingleFlight.inFlight} returns until it ends. */
  start<T>(
    key: string,
    load: (flight: Flight<T>) => Promise<T>,
    options: FlightOptions = {},
  ): Flight<T> {
    const flight = new FlightRecord(key, options)
    const replaced = this.#current.get(key)
    if (replaced !== undefined) this.retire(replaced)
    this.#current.set(key, flight)
    // Before the load begins, because a loader may request its own key before it returns a promise.
    let settle!: (result: Promise<T>) => void
    flight.result = new Promise<T>((resolve) => {
      settle = resolve
    }).finally(() => this.#forget(flight))
    // Inside a promise, so that a loader that throws at once fails like any other.
    settle(new Promise<T>((resolve) => resolve(load(flight as Flight<T>))))
    return flight as Flight<T>
  }

  /** Hides this load from new callers. Its value may still be stored. */
  retire(flight: Flight): void {
    if (this.#current.get(flight.key) !== flight) return
    this.#current.delete(flight.key)
    this.#overdue.add(flight as FlightRecord)
  }

  /** Keeps the loads of this key out of the cache, because the key has changed. */
  fence(key: string): void {
    const current = this.#current.get(key)
    if (current !== undefined) this.#fence(current)
    if (this.#overdue.size > 0) this.#fenceWhere((flight) => flight.key === key)
  }

  /**
   * Keeps loads of values with one of these tags out of the cache, because the tag was invalidated.
   *
   * @param hasTag - returns whether the stored value of a key has one of the tags. A load that began for
   * such a stale value must not serve it when the load fails
   */
  fenceTags(tags: readonly string[], hasTag: (key: string) => boolean = () => false): void {
    this.#fenceWhere(
      (flight) => flight.tags.some((tag) => tags.includes(tag)) || hasTag(flight.key),
    )
  }

  /** Keeps all loads out of the cache, because any key may have changed. */
  fenceAll(): void {
    this.#fenceWhere(() => true)
  }

  /** Keeps older loads of the same key out of the cache, so that none replaces this one. */
  fenceOlder(flight: Flight): void {
    for (const other of this.#overdue) {
      if (other === flight) return
      if (other.key === flight.key) this.#fence(other)
    }
  }

  /** Ends a load whose result no caller needs any longer. */
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

  /** Created at the first access, because most loaders do not use it. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    return this.#controller.signal
  }

  abort(): void {
    // Through the getter, so that a loader that reads the signal later also finds it aborted.
    void this.signal
    this.#controller?.abort()
  }
}
