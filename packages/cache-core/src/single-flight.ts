/** One run of a loader that several callers may be waiting for. */
export interface Flight {
  /** True once the key was written or invalidated after this load began. */
  readonly fenced: boolean
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
  readonly #flights = new Map<string, FlightRecord>()

  /** Joins the load under way for this key, or starts one. */
  run<T>(key: string, load: (flight: Flight) => Promise<T>): Promise<T> {
    const joined = this.#flights.get(key)
    if (joined !== undefined) return joined.result as Promise<T>
    const flight: FlightRecord = { fenced: false, result: undefined }
    this.#flights.set(key, flight)
    // Inside a promise: a loader that throws at once has failed like any other.
    const result = new Promise<T>((resolve) => resolve(load(flight))).finally(() => {
      if (this.#flights.get(key) === flight) this.#flights.delete(key)
    })
    flight.result = result
    return result
  }

  /** Says that this key has changed. */
  fence(key: string): void {
    const flight = this.#flights.get(key)
    if (flight === undefined) return
    flight.fenced = true
    this.#flights.delete(key)
  }

  /** Says that any key may have changed. */
  fenceAll(): void {
    for (const flight of this.#flights.values()) flight.fenced = true
    this.#flights.clear()
  }
}

interface FlightRecord {
  fenced: boolean
  result: Promise<unknown> | undefined
}
