import { isPromiseLike } from './timers.js'

/** Tells listeners what happened. A listener that throws disturbs neither the cache nor the others. */
export class EventHub<Events extends Record<string, readonly unknown[]>> {
  readonly #listeners = new Map<keyof Events, Set<(...details: never[]) => unknown>>()
  #failures = 0

  /** Listeners that have thrown, or whose promise was rejected, so far. */
  get failures(): number {
    return this.#failures
  }

  /** Calls the listener at each such event, in order of registration. Returns how to stop. */
  on<Name extends keyof Events>(
    event: Name,
    listener: (...details: Events[Name]) => unknown,
  ): () => void {
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
}
