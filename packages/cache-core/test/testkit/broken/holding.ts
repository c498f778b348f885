import { type LookupResult, type StorePlan, toMilliseconds } from '../../../src/implement.js'
import type { GetOrSetOptions, Loader } from '../../../src/index.js'
import { ReferenceCache } from '../reference-cache.js'
import { type Call, ChangesCalls, without } from './support/changes-calls.js'
import { testBrokenCaches } from './support/test-broken-caches.js'

class RetainsNoStaleValues extends ReferenceCache {
  protected override store(key: string, value: unknown, plan: StorePlan): void {
    super.store(key, value, { ...plan, graceMs: 0 })
  }
}

class ReportsThatStaleValuesExist extends ReferenceCache {
  override async exists(key: string): Promise<boolean> {
    return (await super.exists(key)) || this.retained(key) !== undefined
  }
}

class ReturnsANegativeTtl extends ReferenceCache {
  override async getTtl(key: string): Promise<number | null | undefined> {
    const retained = this.retained(key)
    const left = await super.getTtl(key)
    return retained === undefined || left === null
      ? left
      : (retained.expiresAt - this.clock.now()) / 1_000
  }
}

class CountsTheStaleItDeletes extends ReferenceCache {
  override async delete(key: string): Promise<boolean> {
    const wasStale = this.retained(key) !== undefined
    return (await super.delete(key)) || wasStale
  }
}

class ListsTheStale extends ReferenceCache {
  protected override matching(pattern: string): string[] {
    const stale = [...this.entries.keys()].filter((key) => this.fresh(key) === undefined)
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

class ReturnsStaleValuesToEveryCaller extends ReferenceCache {
  protected override async lookup<T>(key: string): Promise<LookupResult<T> | undefined> {
    const found = await super.lookup<T>(key)
    return found && { ...found, freshMs: Math.max(0, found.freshMs) }
  }
}

class TakesTheStaleForJustExpired extends ReferenceCache {
  protected override async lookup<T>(key: string): Promise<LookupResult<T> | undefined> {
    const found = await super.lookup<T>(key)
    return found && { ...found, freshMs: Math.max(-1, found.freshMs) }
  }
}

/** Stores loaded values in a second map, which no write, delete or invalidation changes. */
class RemembersLoadedValues extends ReferenceCache {
  readonly #loaded = new Map<string, unknown>()

  protected override fill<T>(key: string, value: T, plan: StorePlan): Promise<void> {
    this.#loaded.set(key, value)
    return super.fill(key, value, plan)
  }

  protected override async lookup<T>(key: string): Promise<LookupResult<T> | undefined> {
    const found = await super.lookup<T>(key)
    if (found !== undefined || !this.#loaded.has(key)) return found
    return { value: this.#loaded.get(key) as T, freshMs: -1_000, loadMs: 0 }
  }
}

class IgnoresStaleWhileRevalidate extends ChangesCalls {
  protected changedCall<T>(call: Call<T>): Call<T> {
    return without(call, 'staleWhileRevalidate')
  }
}

class RefreshesForEveryCaller extends ReferenceCache {
  override async getOrSet<T>(
    key: string,
    loader: Loader<T>,
    options?: GetOrSetOptions<NoInfer<T>>,
  ): Promise<T> {
    const stale = this.fresh(key) === undefined ? this.retained(key) : undefined
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

class PrefersTheStale extends ChangesCalls {
  protected changedCall<T>(call: Call<T>): Call<T> {
    const { staleIfError } = call.options
    if (staleIfError === undefined) return call
    return { ...call, options: { ...call.options, staleWhileRevalidate: staleIfError } }
  }
}

class IgnoresStaleIfError extends ChangesCalls {
  protected changedCall<T>(call: Call<T>): Call<T> {
    return without(call, 'staleIfError')
  }
}

/** Serves the stale value that it found first, also when the key has changed during the load. */
class ServesWhatItSawFirst extends ReferenceCache {
  override async getOrSet<T>(
    key: string,
    loader: Loader<T>,
    options?: GetOrSetOptions<NoInfer<T>>,
  ): Promise<T> {
    const stale = this.fresh(key) === undefined ? this.retained(key) : undefined
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
    const found = await super.lookup<T>(key)
    return found && { ...found, loadMs: 1e12 }
  }
}

testBrokenCaches([
  RetainsNoStaleValues,
  ReportsThatStaleValuesExist,
  ReturnsANegativeTtl,
  CountsTheStaleItDeletes,
  ListsTheStale,
  CountsTheStaleItInvalidates,
  ReturnsStaleValuesToEveryCaller,
  TakesTheStaleForJustExpired,
  RemembersLoadedValues,
  IgnoresStaleWhileRevalidate,
  RefreshesForEveryCaller,
  FailsTheRefresher,
  PrefersTheStale,
  IgnoresStaleIfError,
  ServesWhatItSawFirst,
  ForgetsHowLongLoadsTook,
  RefreshesAtEveryHit,
])
