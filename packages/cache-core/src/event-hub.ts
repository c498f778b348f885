import { invalidArgument } from './argument-errors.js'
import { nearestName } from './known-fields.js'
import { isPromiseLike } from './timers.js'

/** Tells listeners what happened. A listener that throws disturbs neither the cache nor the others. */
export class EventHub<Events extends Record<string, readonly unknown[]>> {
  readonly #listeners = new Map<keyof Events, Set<(...details: never[]) => unknown>>()
  readonly #names: readonly (keyof Events & string)[] | undefined
  #failures = 0

  /** @param names - the events that there are; any name is taken where they are left out */
  constructor(names?: readonly (keyof Events & string)[]) {
    this.#names = names
  }

  /** Listeners that have thrown, or whose promise was rejected, so far. */
  get failures(): number {
    return this.#failures
  }

  /**
   * Calls the listener at each such event, in order of registration.
   *
   * @returns a function that removes the listener
   * @throws ValidationError (`INVALID_ARGUMENT`) for an unknown event or a listener that is no function
   */
  on<Name extends keyof Events>(
    event: Name,
    listener: (...details: Events[Name]) => unknown,
  ): () => void {
    this.#assertName(event)
    if (typeof listener !== 'function') throw invalidArgument('listener', 'a function', listener)
    const listeners = this.#listeners.get(event) ?? new Set()
    this.#listeners.set(event, listeners)
    // A wrapper of its own, so that a function registered twice is called twice and removed singly.
    const registered = (...details: Events[Name]): unknown => listener(...details)
    listeners.add(registered)
    return () => {
      listeners.delete(registered)
    }
  }

  /** True when somebody listens; lets a hot path skip building what nobody reads. */
  has(event: keyof Events): boolean {
    // Most caches have no listeners at all, and are asked at every hit.
    return this.#listeners.size > 0 && (this.#listeners.get(event)?.size ?? 0) > 0
  }

  emit<Name extends keyof Events>(event: Name, ...details: Events[Name]): void {
    const listeners = this.#listeners.get(event)
    if (listeners === undefined) return
    // Over a copy: a listener that registers another at each event would never come to an end.
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
