import { describe, expect, test } from 'vitest'
import type { CacheSettings, LookupResult, StorePlan } from '../../src/implement.js'
import { ManualClock, type SetOptions, type Ttl } from '../../src/index.js'
import { FourMethodCache } from '../four-method-cache.js'
import { follow, Source, turn } from './source.js'

const FAILURE = new Error('the source is down')

describe('getOrSet of a cache that writes only the four abstract methods', () => {
  /** Records the TTL and tags of each set. */
  class TellingCache extends FourMethodCache {
    readonly received: unknown[] = []

    override async set<T>(key: string, value: T, ttl?: Ttl | SetOptions): Promise<void> {
      this.received.push(ttl)
      await super.set(key, value)
    }
  }

  test('passes TTL and tags to set', async () => {
    const cache = new TellingCache({ defaultTtl: '2m' })
    await cache.getOrSet('a', () => 1)
    await cache.getOrSet('b', () => 1, { ttl: '5m', tags: ['red'] })
    await cache.getOrSet('c', () => 1, { ttl: null, staleIfError: '1h' })
    expect(cache.received).toEqual(['120000ms', { ttl: '300000ms', tags: ['red'] }, null])
  })

  test('does not look up the key for a bad option or an aborted signal', async () => {
    const cache = new FourMethodCache()
    const reason = new Error('the client has gone')
    const source = new Source()
    const signal = AbortSignal.abort(reason)
    await expect(cache.getOrSet('key', source.load, { signal })).rejects.toBe(reason)
    const bad = { jitter: 2 }
    await expect(cache.getOrSet('key', source.load, bad)).rejects.toThrow('jitter must be')
    expect(cache.calls).toEqual([])
    expect(source.loads).toEqual([])
  })

  test('rejects a bad defaultTtl', () => {
    expect(() => new FourMethodCache({ defaultTtl: 0 })).toThrow(
      /^defaultTtl must be .*; received 0$/,
    )
  })
})

/** A cache that retains stale values, because it overrides `lookup` and `fill`. */
class StaleCache extends FourMethodCache {
  readonly entries = new Map<string, LookupResult>()
  readonly plans: StorePlan[] = []
  readonly served: string[] = []
  readonly failures: [key: string, error: unknown][] = []
  filled: Promise<void> = Promise.resolve()
  found: Promise<void> = Promise.resolve()

  constructor(settings?: CacheSettings) {
    super({ clock: new ManualClock(), ...settings })
  }

  protected override async lookup<T>(key: string): Promise<LookupResult<T> | undefined> {
    this.calls.push(`lookup ${key}`)
    const held = this.entries.get(key)
    await this.found
    return held as LookupResult<T> | undefined
  }

  protected override async fill<T>(key: string, value: T, plan: StorePlan): Promise<void> {
    this.plans.push(plan)
    this.entries.set(key, { value, freshMs: plan.ttlMs, loadMs: plan.loadMs })
    await this.filled
  }

  protected override staleServed(key: string): void {
    this.served.push(key)
  }

  protected override refreshFailed(key: string, error: unknown): void {
    this.failures.push([key, error])
  }
}

describe('getOrSet of a cache that retains stale values', () => {
  test('calls lookup, fill and staleServed', async () => {
    const cache = new StaleCache()
    cache.entries.set('key', { value: 'old', freshMs: -1, loadMs: 0 })
    const source = new Source()
    const options = { ttl: '5m', staleWhileRevalidate: '1h', tags: ['red'] } as const
    const readers = Array.from({ length: 1_000 }, () => cache.getOrSet('key', source.load, options))
    expect(new Set(await Promise.all(readers))).toEqual(new Set(['old']))
    expect(source.loads).toHaveLength(1)
    expect(cache.served).toHaveLength(1_000)
    await source.answer('new')
    expect(await cache.getOrSet('key', source.load, options)).toBe('new')
    expect(cache.plans).toMatchObject([{ ttlMs: 300_000, graceMs: 3_600_000, tags: ['red'] }])
    expect(cache.calls).toEqual(Array.from({ length: 1_001 }, () => 'lookup key'))
  })

  test('calls refreshFailed', async () => {
    const cache = new StaleCache()
    cache.entries.set('key', { value: 'old', freshMs: -1, loadMs: 0 })
    const loader = (): Promise<string> => Promise.reject(FAILURE)
    const options = { staleWhileRevalidate: '1h' } as const
    expect(await cache.getOrSet('key', loader, options)).toBe('old')
    await turn()
    expect(cache.failures).toEqual([['key', FAILURE]])
  })

  test('returns the loaded value to callers during fill', async () => {
    const cache = new StaleCache()
    const source = new Source()
    let filled = (): void => {}
    cache.filled = new Promise((resolve) => {
      filled = resolve
    })
    const first = follow(cache.getOrSet('key', source.load))
    await turn()
    await source.answer('loaded')
    cache.entries.clear()
    const second = follow(cache.getOrSet('key', source.load))
    await turn()
    expect([first().state, second().state]).toEqual(['pending', 'pending'])
    filled()
    await turn()
    expect([first().value, second().value]).toEqual(['loaded', 'loaded'])
    expect(source.loads).toHaveLength(1)
  })

  test('does not load for a caller that aborts during lookup', async () => {
    const cache = new StaleCache()
    const source = new Source()
    const controller = new AbortController()
    let found = (): void => {}
    cache.found = new Promise((resolve) => {
      found = resolve
    })
    const call = follow(cache.getOrSet('key', source.load, { signal: controller.signal }))
    controller.abort(FAILURE)
    found()
    await turn()
    expect(call()).toEqual({ state: 'failed', reason: FAILURE })
    expect(source.loads).toEqual([])
  })
})
