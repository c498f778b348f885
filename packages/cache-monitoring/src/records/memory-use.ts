import type { MemoryHolder, MemoryUse } from '@verbatim/cache-core'
import type { Reporter } from '@verbatim/cache-core/implement'
import { areAmounts, type MemoryUsage, type MemoryUsageRecord } from './measurements.js'

const BYTES_PER_MB = 1_048_576

/** Converts bytes to units of 1,048,576 bytes. */
export function toMb(bytes: number): number {
  return bytes / BYTES_PER_MB
}

/** Returns the measurement of a record; `undefined` for a record with an impossible number. */
export function memoryUsage(
  record: MemoryUsageRecord,
  warningThresholdBytes: number,
): Omit<MemoryUsage, 'additionalData'> | undefined {
  const { memoryCacheBytes, memoryCacheEntries, memoryCacheMaxEntries } = record
  const { redisBytes, redisKeys } = record
  const isMeasured = areAmounts(
    memoryCacheBytes,
    memoryCacheEntries,
    memoryCacheMaxEntries ?? 0,
    redisBytes ?? 0,
    redisKeys ?? 0,
  )
  if (!isMeasured) return undefined
  const totalCacheSizeBytes = memoryCacheBytes + (redisBytes ?? 0)
  const cacheEntryCount = memoryCacheEntries + (redisKeys ?? 0)
  return {
    totalCacheSizeBytes,
    cacheEntryCount,
    avgEntrySizeBytes: cacheEntryCount === 0 ? null : totalCacheSizeBytes / cacheEntryCount,
    memoryCacheSizeBytes: memoryCacheBytes,
    memoryCacheEntryCount: memoryCacheEntries,
    memoryCacheMaxEntries: memoryCacheMaxEntries ?? null,
    redisBytes: redisBytes ?? null,
    redisKeys: redisKeys ?? null,
    processMemoryMb: toMb(process.memoryUsage.rss()),
    cacheUtilizationPercent: (totalCacheSizeBytes / warningThresholdBytes) * 100,
    warningThresholdReached: totalCacheSizeBytes >= warningThresholdBytes,
  }
}

/** Caches that report how much memory they use. Weak references do not keep a cache alive. */
export class MemoryHolders {
  readonly #holders = new Set<WeakRef<MemoryHolder>>()
  readonly #reporter: Reporter

  /** @param reporter - gets the first failure of a cache to return its size */
  constructor(reporter: Reporter) {
    this.#reporter = reporter
  }

  /** Returns false, and ignores the argument, if it cannot be a cache. */
  add(holder: MemoryHolder): boolean {
    if (typeof holder !== 'object' || holder === null) return false
    this.#holders.add(new WeakRef(holder))
    return true
  }

  /** Returns what all caches use together; `undefined` without a cache. */
  use(): MemoryUse | undefined {
    let all: MemoryUse | undefined
    for (const reference of this.#holders) {
      const holder = reference.deref()
      const use = holder && this.#useOf(holder)
      if (holder === undefined) this.#holders.delete(reference)
      else if (use !== undefined) all = all === undefined ? use : sumOfUses(all, use)
    }
    return all
  }

  /** Returns `undefined` for a cache that fails. The next sample asks it again. */
  #useOf(holder: MemoryHolder): MemoryUse | undefined {
    try {
      const { entries, maxEntries, bytes } = holder.memoryUse()
      if (areAmounts(entries, maxEntries, bytes)) return { entries, maxEntries, bytes }
    } catch {
      // Reported below, like an impossible figure.
    }
    const message = 'a cache fails to say how much it holds'
    this.#reporter.notifyOnce('warn', 'VERBATIM_CACHE_SIZE_UNKNOWN', message)
    return undefined
  }
}

/** Adds up the memory use of two caches. */
export function sumOfUses(one: MemoryUse, other: MemoryUse): MemoryUse {
  return {
    entries: one.entries + other.entries,
    maxEntries: one.maxEntries + other.maxEntries,
    bytes: one.bytes + other.bytes,
  }
}
