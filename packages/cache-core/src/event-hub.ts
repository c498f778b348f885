import { invalidArgument } from './argument-errors.js'
import { nearestName } from './known-fields.js'
import { isPromiseLike } from './timers.js'

/** Calls the listeners of events. A listener that throws affects neither the cache nor other listeners. */
export class EventHub<Events extends Record<string, readonly unknown[]>> {
  readonly #listeners = new Map<keyof Events, Set<(...details: never[]) => unknown>>()
  readonly #names: readonly (keyof Events & string)[] | undefined
  #failures = 0

  /** @param names - names of the events. Default: any name is accepted */
  constructor(names?: readonly (keyof Events & string)[]) {
    this.#names = names
  }

  /** Number of calls of listeners that threw an error or rejected their promise. */
  get failures(): number {
    return this.#failures
  }

  /**
   * Adds a listener. The listeners of an event are called in order of registration.
   *
   * @returns a function that removes the listener
   * @throws ValidationError (`INVALID_ARGUMENT`) for an unknown event, or a listener that is not a function
   */
  on<Name extends keyof Events>(
    event: Name,
    listener: (...details: Events[Name]) => unknown,
  ): () => void {
    this.#assertName(event)
    if (typeof listener !== 'function') throw invalidArgument('listener', 'a function', listener)
    const listeners = this.#listeners.get(event) ?? new Set()
    this.#listeners.set(event, listeners)
    // A wrapper, so that a function that is registered twice is called twice and removed separately.
    const registered = (...details: Events[Name]): unknown => listener(...details)
    listeners.add(registered)
    return () => {
      listeners.delete(registered)
    }
  }

  /** Returns whether an event has a listener, so that a hot path can skip preparing its details. */
  has(event: keyof Events): boolean {
    // The size is compared first: most caches have no listeners, and this runs at every hit.
    return this.#listeners.size > 0 && (this.#listeners.get(event)?.size ?? 0) > 0
  }

  emit<Name extends keyof Events>(event: Name, ...details: Events[Name]): void {
    const listeners = this.#listeners.get(event)
    if (listeners === undefined) return
    // A copy, because a listener that adds a listener at each event would never finish.
    for (const listener of [...listeners]) {
      try {
        const outcome = (listener as (...args: Events[Name]) => unknown)(...details)
        if (isPromiseLike(outcome)) outcome.then(undefined, () => this.#failures++)
      } catch {
        this.#failures++
      }
    }
  }

  #assertName(event: unknown): void {
    if (this.#names === undefined || this.#names.some((name) => name === event)) return
    const rule = `one of ${this.#names.join(', ')}`
    if (typeof event !== 'string') throw invalidArgument('event', rule, event)
    const nearest = nearestName(event, this.#names)
    throw invalidArgument('event', rule, event, {
      received: 'an unknown name',
      hint: nearest === undefined ? undefined : `Did you mean ${nearest}?`,
    })
  }
}
