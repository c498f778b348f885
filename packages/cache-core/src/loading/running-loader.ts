import { AsyncLocalStorage } from 'node:async_hooks'
import { sharedByCopies } from '../copies.js'
import { CacheError } from '../errors.js'

/** The loaders that run in this process, whichever copy of this package runs them. */
interface RunningLoaders {
  /** The loader that the running code belongs to. Enabled only while loaders run. */
  readonly storage: AsyncLocalStorage<RunningLoader>
  count: number
}

const running = sharedByCopies(
  'cache-core/running-loaders',
  (): RunningLoaders => ({ storage: new AsyncLocalStorage(), count: 0 }),
)

/**
 * A running loader and the loaders that wait for its load.
 *
 * Finds loaders that wait for their own load, directly or through others, in any cache of the process.
 * Tracking stops when the last loader ends, because Node 20 slows down every promise while it tracks async
 * contexts: a hit takes about 50 % longer. A link holds no value, because the timers that a loader has
 * started keep their context until they end.
 *
 * No field is private to the class, because a link also works with those of another copy of
 * this package.
 */
export class RunningLoader {
  readonly key: string
  readonly waiters: RunningLoader[] = []
  isRunning = false

  constructor(key: string) {
    this.key = key
  }

  /** Returns the link of the loader that the calling code belongs to, if that loader still runs. */
  static get current(): RunningLoader | undefined {
    if (running.count === 0) return undefined
    const link = running.storage.getStore()
    return link !== undefined && link.isRunning ? link : undefined
  }

  /** Runs the loader of this link. The caller must call {@link RunningLoader.end} afterwards. */
  run<T>(loader: () => T): T {
    this.isRunning = true
    running.count++
    return running.storage.run(this, loader)
  }

  /** Ends what {@link RunningLoader.run} started, after the result of the loader has settled. */
  end(): void {
    this.isRunning = false
    this.waiters.length = 0
    if (--running.count === 0) running.storage.disable()
  }

  /** @throws CacheError (`LOAD_CYCLE`) when this load waits for that loader */
  assertNoCycle(waiter: RunningLoader): void {
    if (isAwaitedBy(waiter, this)) throw loadCycle(this.key)
  }

  /**
   * Records that another loader waits for this load.
   *
   * @throws CacheError (`LOAD_CYCLE`) when this load waits for that loader
   */
  addWaiter(waiter: RunningLoader): void {
    this.assertNoCycle(waiter)
    this.waiters.push(waiter)
  }

  removeWaiter(waiter: RunningLoader): void {
    const index = this.waiters.indexOf(waiter)
    if (index >= 0) this.waiters.splice(index, 1)
  }
}

function isAwaitedBy(first: RunningLoader, other: RunningLoader): boolean {
  const reached = new Set([first])
  for (const link of reached) {
    if (link === other) return true
    for (const waiter of link.waiters) if (waiter.isRunning) reached.add(waiter)
  }
  return false
}

function loadCycle(key: string): CacheError {
  return new CacheError(
    'the loader must not request a key whose load waits for this loader; it would wait forever',
    { code: 'LOAD_CYCLE', context: { keyLength: key.length } },
  )
}
