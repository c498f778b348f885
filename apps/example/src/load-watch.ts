/**
 * Tells a request whether the value it got was computed while it waited, which a cache does not say:
 * those who share a load get its value just as those who hit do.
 */
export class LoadWatch {
  readonly #keys = new Map<string, { requests: number; loadedAt: number }>()

  /** Reads a key by way of `read`, which calls `loaded` when a value has been computed for it. */
  async during<T>(
    key: string,
    read: (loaded: () => void) => Promise<T>,
  ): Promise<{ value: T; waitedForLoad: boolean }> {
    const startedAt = performance.now()
    const watched = this.#keys.get(key) ?? { requests: 0, loadedAt: Number.NEGATIVE_INFINITY }
    this.#keys.set(key, watched)
    watched.requests += 1
    try {
      const value = await read(() => {
        watched.loadedAt = performance.now()
      })
      return { value, waitedForLoad: watched.loadedAt >= startedAt }
    } finally {
      watched.requests -= 1
      if (watched.requests === 0) this.#keys.delete(key)
    }
  }
}
