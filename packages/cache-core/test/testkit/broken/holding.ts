import { type LookupResult, type StorePlan, toMilliseconds } from '../../../src/implement.js'
import type { GetOrSetOptions, Loader } from '../../../src/index.js'
import { ReferenceCache } from '../reference-cache.js'
import { type Call, Mishears, without } from './support/mishears.js'
import { testBrokenCaches } from './support/test-broken-caches.js'

class HoldsNothing extends ReferenceCache {
  protected override store(key: string, value: unknown, plan: StorePlan): void {
    super.store(key, value, { ...plan, graceMs: 0 })
  }
}

class TellsThatTheStaleExist extends ReferenceCache {
  override async exists(key: string): Promise<boolean> {
    return (await super.exists(key)) || this.held(key) !== undefined
  }
}

class TellsANegativeTtl extends ReferenceCache {
  override async getTtl(key: string): Promise<number | null | undefined> {
    const held = this.held(key)
    const left = await super.getTtl(key)
    return held === undefined || left === null ? left : (held.expiresAt - this.clock.now()) / 1_000
  }
}

class CountsTheStaleItDeletes extends ReferenceCache {
  override async delete(key: string): Promise<boolean> {
    const wasHeld = this.held(key) !== undefined
    return (await super.delete(key)) || wasHeld
  }
}

class ListsTheStale extends ReferenceCache {
  protected override matching(pattern: string): string[] {
    const stale = [...this.entries.keys()].filter((key) => this.live(key) === undefined)
    return [...super.matching(pattern), ...(pattern === '*' ? stale : [])]
  }
}

class CountsTheStaleItInvalidates extends ReferenceCache {
  override async invalidatePattern(pattern: string): Promise<number> {
    const before = this.entries.size
    await super.invalidatePattern(pattern)
    return before - this.entries.size
  }
}

class HandsTheStaleToEveryone extends ReferenceCache {
  protected override async lookup<T>(key: string): Promise<LookupResult<T> | undefined> {
    const held = await super.lookup<T>(key)
    return held && { ...held, freshMs: Math.max(0, held.freshMs) }
  }
}

class TakesTheStaleForJustExpired extends ReferenceCache {
  protected override async lookup<T>(key: string): Promise<LookupResult<T> | undefined> {
    const held = await super.lookup<T>(key)
    return held && { ...held, freshMs: Math.max(-1, held.freshMs) }
  }
}

/** Loaded values in a place of their own, which no write, delete or invalidation reaches. */
class RemembersLoadedValues extends ReferenceCache {
  readonly #loaded = new Map<string, unknown>()

  protected override fill<T>(key: string, value: T, plan: StorePlan): Promise<void> {
    this.#loaded.set(key, value)
    return super.fill(key, value, plan)
  }

  protected override async lookup<T>(key: string): Promise<LookupResult<T> | undefined> {
    const held = await super.lookup<T>(key)
    if (held !== undefined || !this.#loaded.has(key)) return held
    return { value: this.#loaded.get(key) as T, freshMs: -1_000, loadMs: 0 }
  }
}

class MakesThemWait extends Mishears {
  protected heard<T>(call: Call<T>): Call<T> {
    return without(call, 'staleWhileRevalidate')
  }
}

class RefreshesForEveryCaller extends ReferenceCache {
  override async getOrSet<T>(
    key: string,
    loader: Loader<T>,
    options?: GetOrSetOptions<NoInfer<T>>,
  ): Promise<T> {
    const stale = this.live(key) === undefined ? this.held(key) : undefined
    if (stale === undefined || options?.staleWhileRevalidate === undefined) {
      return super.getOrSet(key, loader, options)
    }
    const refresh = async (): Promise<void> => {
      const value = await (loader as () => Promise<T>)()
      await this.set(key, value)
    }
    refresh().catch(() => {})
    return this.release(stale.value) as T
  }
}

class FailsTheRefresher extends ReferenceCache {
  override async getOrSet<T>(
    key: string,
    loader: Loader<T>,
    options?: GetOrSetOptions<NoInfer<T>>,
  ): Promise<T> {
    let failure: unknown
    const noting: Loader<T> = async (context) => {
      try {
        return await loader(context)
      } catch (error) {
        failure = error
        throw error
      }
    }
    const answer = await super.getOrSet<T>(key, noting, options)
    if (options?.staleWhileRevalidate !== undefined) await Promise.resolve()
    if (failure !== undefined) throw failure
    return answer
  }
}

class PrefersTheStale extends Mishears {
  protected heard<T>(call: Call<T>): Call<T> {
    const { staleIfError } = call.options
    if (staleIfError === undefined) return call
    return { ...call, options: { ...call.options, staleWhileRevalidate: staleIfError } }
  }
}

class IgnoresStaleIfError extends Mishears {
  protected heard<T>(call: Call<T>): Call<T> {
    return without(call, 'staleIfError')
  }
}

/** Whatever happens meanwhile, the stale value stands in for what goes wrong. */
class ServesWhatItSawFirst extends ReferenceCache {
  override async getOrSet<T>(
    key: string,
    loader: Loader<T>,
    options?: GetOrSetOptions<NoInfer<T>>,
  ): Promise<T> {
    const stale = this.live(key) === undefined ? this.held(key) : undefined
    const answer = super.getOrSet(key, loader, options)
    if (stale === undefined || options?.staleIfError === undefined) return answer
    const value = this.release(stale.value) as T
    const { soft } = options.timeout ?? {}
    const served = answer.catch(() => value)
    if (soft === undefined) return served
    const late = new Promise<T>((resolve) => {
      setTimeout(() => resolve(value), toMilliseconds(soft))
    })
    return Promise.race([served, late])
  }
}

class ForgetsHowLongLoadsTook extends ReferenceCache {
  protected override store(key: string, value: unknown, plan: StorePlan): void {
    super.store(key, value, { ...plan, loadMs: 0 })
  }
}

class RefreshesAtEveryHit extends ReferenceCache {
  protected override async lookup<T>(key: string): Promise<LookupResult<T> | undefined> {
    const held = await super.lookup<T>(key)
    return held && { ...held, loadMs: 1e12 }
  }
}

testBrokenCaches([
  HoldsNothing,
  TellsThatTheStaleExist,
  TellsANegativeTtl,
  CountsTheStaleItDeletes,
  ListsTheStale,
  CountsTheStaleItInvalidates,
  HandsTheStaleToEveryone,
  TakesTheStaleForJustExpired,
  RemembersLoadedValues,
  MakesThemWait,
  RefreshesForEveryCaller,
  FailsTheRefresher,
  PrefersTheStale,
  IgnoresStaleIfError,
  ServesWhatItSawFirst,
  ForgetsHowLongLoadsTook,
  RefreshesAtEveryHit,
])
