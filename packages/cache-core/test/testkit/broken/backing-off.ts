import type { GetOrSetOptions, Loader } from '../../../src/index.js'
import { ReferenceCache } from '../reference-cache.js'
import { testBrokenCaches } from './support/test-broken-caches.js'

/** A cache with its own rule for the pauses after failed loads. */
abstract class BacksOffItsOwnWay extends ReferenceCache {
  override async getOrSet<T>(
    key: string,
    loader: Loader<T>,
    options?: GetOrSetOptions<NoInfer<T>>,
  ): Promise<T> {
    const stale = this.fresh(key) === undefined ? this.retained(key) : undefined
    if (stale === undefined || options?.staleIfError === undefined) {
      return super.getOrSet(key, loader, options)
    }
    const value = this.release(stale.value) as T
    if (this.isPaused(key)) return value
    try {
      const loaded = await (loader as () => Promise<T>)()
      this.store(key, loaded, { ttlMs: 50, graceMs: 3_600_000, loadMs: 0, tags: [] })
      this.succeeded(key)
      return loaded
    } catch {
      this.failed(key)
      return value
    }
  }

  protected abstract isPaused(key: string): boolean
  protected failed(_key: string): void {}
  protected succeeded(_key: string): void {}
}

class NeverBacksOff extends BacksOffItsOwnWay {
  protected isPaused(): boolean {
    return false
  }
}

/** Doubles the pause of each key forever, also after a load has succeeded. */
class BacksOffForever extends BacksOffItsOwnWay {
  readonly #pauses = new Map<string, { lengthMs: number; until: number }>()

  protected isPaused(key: string): boolean {
    return (this.#pauses.get(key)?.until ?? 0) > this.clock.now()
  }

  protected override failed(key: string): void {
    const lengthMs = 2 * (this.#pauses.get(key)?.lengthMs ?? 500)
    this.#pauses.set(key, { lengthMs, until: this.clock.now() + lengthMs })
  }
}

class BacksOffForAllKeys extends BacksOffItsOwnWay {
  #pausedUntil = 0

  protected isPaused(): boolean {
    return this.#pausedUntil > this.clock.now()
  }

  protected override failed(): void {
    this.#pausedUntil = this.clock.now() + 1_000
  }

  protected override succeeded(): void {
    this.#pausedUntil = 0
  }
}

testBrokenCaches([NeverBacksOff, BacksOffForever, BacksOffForAllKeys])
