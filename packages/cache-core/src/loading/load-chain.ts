import { AsyncLocalStorage } from 'node:async_hooks'
import { CacheError } from '../errors.js'

/** Which loader the running code belongs to. In use only while loaders run. */
const storage = new AsyncLocalStorage<ChainLink>()
let running = 0

/**
 * A running loader and the loaders that wait for its load.
 *
 * Finds loaders that wait for themselves, directly or through others, in any cache of the process.
 * Node 20 slows down every promise while async contexts are tracked (a hit by about a half), so
 * tracking stops when the last loader ends. A link holds no value: timers that a loader has started
 * keep their context for as long as they run.
 */
export class ChainLink {
  readonly #key: string
  readonly #waiters: ChainLink[] = []
  #isRunning = false

  constructor(key: string) {
    this.#key = key
  }

  /** The link of the loader that the calling code belongs to, if that loader is still running. */
  static get current(): ChainLink | undefined {
    if (running === 0) return undefined
    const link = storage.getStore()
    return link !== undefined && link.#isRunning ? link : undefined
  }

  /** Runs a loader as the one that this link stands for. */
  async run<T>(loader: () => T | PromiseLike<T>): Promise<T> {
    this.#isRunning = true
    running++
    try {
      return await storage.run(this, loader)
    } finally {
      this.#isRunning = false
      this.#waiters.length = 0
      if (--running === 0) storage.disable()
    }
  }

  /** @throws CacheError (`LOAD_CYCLE`) when this load waits for that loader */
  assertNoCycle(waiter: ChainLink): void {
    if (waiter.#isAwaitedBy(this)) throw loadCycle(this.#key)
  }

  /**
   * Notes that another loader waits for this load.
   *
   * @throws CacheError (`LOAD_CYCLE`) when this load waits for that loader
   */
  addWaiter(waiter: ChainLink): void {
    this.assertNoCycle(waiter)
    this.#waiters.push(waiter)
  }

  removeWaiter(waiter: ChainLink): void {
    const index = this.#waiters.indexOf(waiter)
    if (index >= 0) this.#waiters.splice(index, 1)
  }

  #isAwaitedBy(other: ChainLink): boolean {
    const reached = new Set<ChainLink>([this])
    for (const link of reached) {
      if (link === other) return true
      for (const waiter of link.#waiters) if (waiter.#isRunning) reached.add(waiter)
    }
    return false
  }
}

function loadCycle(key: string): CacheError {
  return new CacheError(
    'the loader must not request a key whose load waits for this loader; it would wait forever',
    { code: 'LOAD_CYCLE', context: { keyLength: key.length } },
  )
}
