const listenersOf = new WeakMap<AbortSignal, AbortListeners>()

/**
 * Calls a function when a signal is aborted. All functions of a signal share one listener, because Node
 * prints a warning at the eleventh.
 *
 * @returns a function that stops listening
 */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  const listeners = listenersOf.get(signal) ?? new AbortListeners(signal)
  listenersOf.set(signal, listeners)
  // A wrapper, so that a function that is passed twice is called twice and removed separately.
  const registered = (): void => listener()
  listeners.add(registered)
  return () => listeners.delete(registered)
}

class AbortListeners {
  readonly #signal: AbortSignal
  readonly #listeners = new Set<() => void>()

  constructor(signal: AbortSignal) {
    this.#signal = signal
  }

  add(listener: () => void): void {
    if (this.#listeners.size === 0) this.#signal.addEventListener('abort', this.#callAll)
    this.#listeners.add(listener)
  }

  delete(listener: () => void): void {
    this.#listeners.delete(listener)
    if (this.#listeners.size === 0) this.#signal.removeEventListener('abort', this.#callAll)
  }

  readonly #callAll = (): void => {
    for (const listener of [...this.#listeners]) listener()
  }
}

/** Returns whether a value has the shape of an `AbortSignal`, which may come from a polyfill or another realm. */
export function isAbortSignal(value: unknown): value is AbortSignal {
  const { aborted, addEventListener } = Object(value) as Partial<AbortSignal>
  return typeof aborted === 'boolean' && typeof addEventListener === 'function'
}
