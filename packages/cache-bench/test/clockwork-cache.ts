import { ManualClock, type Ttl } from '@verbatim/cache-core'
import {
  type BenchmarkedCache,
  type BenchmarkResult,
  CachePerformanceBenchmark,
} from '../src/index.js'

/** A correct cache whose calls take exactly 4 ms (set), 2 ms (get) and 1 ms (exists). */
export class ClockworkCache implements BenchmarkedCache {
  /** Values as JSON, by key. */
  readonly entries: Map<string, string> = new Map()
  readonly ttls: (Ttl | undefined)[] = []
  readonly #clock: ManualClock

  constructor(clock: ManualClock) {
    this.#clock = clock
  }

  async set(key: string, value: unknown, ttl?: Ttl): Promise<void> {
    this.#clock.advance(4)
    this.ttls.push(ttl)
    this.entries.set(key, JSON.stringify(value))
  }

  async get<T>(key: string): Promise<T | undefined> {
    this.#clock.advance(2)
    const json = this.entries.get(key)
    return json === undefined ? undefined : JSON.parse(json)
  }

  async exists(key: string): Promise<boolean> {
    this.#clock.advance(1)
    return this.entries.has(key)
  }

  async delete(key: string): Promise<boolean> {
    return this.entries.delete(key)
  }
}

/** Returns the result of a benchmark with a {@link ClockworkCache}, the same on every machine. */
export async function clockworkResult(cacheName: string): Promise<BenchmarkResult> {
  const clock = new ManualClock()
  const benchmark = new CachePerformanceBenchmark({ clock })
  const result = await benchmark.benchmarkBasicOperations(new ClockworkCache(clock), { cacheName })
  const environment = {
    platform: 'linux x64',
    runtimeVersion: 'Node.js 20.19.0',
    processor: 'Some CPU',
    cpuCount: 2,
  }
  return {
    ...result,
    memoryPeakMb: 50,
    memoryUsageMb: 1.25,
    metadata: { ...result.metadata, environment },
  }
}
