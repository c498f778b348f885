import type { CacheError, InfrastructureError } from '@verbatim/cache-core'
import { hitRate } from '@verbatim/cache-core/implement'
import type { ForeignReason } from './codec/stored-line.js'
import type { ChangeCounts, RedisCacheStats } from './stats.js'

type Counts = Pick<
  RedisCacheStats,
  'hits' | 'misses' | 'joined' | 'hitRate' | 'errors' | 'staleServed' | 'notStored'
> & {
  readonly memoryHits: number
  readonly redis: Pick<
    RedisCacheStats['redis'],
    | 'hits'
    | 'misses'
    | 'errors'
    | 'corruptValues'
    | 'foreignValues'
    | 'bytesRead'
    | 'bytesWritten'
    | 'changes'
  >
}

/** Returns the hit rate as a field; no field before the first hit or miss. */
export function hitRateField(counts: { readonly hits: number; readonly misses: number }): {
  readonly hitRate?: number
} {
  const rate = hitRate(counts)
  return rate === undefined ? {} : { hitRate: rate }
}

/** Counts what a cache does: one hit, miss or error for each read, whatever the tiers did for it. */
export class Tally {
  #memoryHits = 0
  #redisHits = 0
  readonly #errors: Record<string, number> = {}
  #misses = 0
  #joined = 0
  readonly #notStored: Record<string, number> = {}
  #readErrors = 0
  #staleServed = 0
  #redisMisses = 0
  #corruptValues = 0
  readonly #foreignValues: Partial<Record<ForeignReason, number>> = {}
  #bytesRead = 0
  #bytesWritten = 0
  readonly #changes = { ok: 0, skipped: 0, failed: 0, indeterminate: 0 }

  memoryHit(): void {
    this.#memoryHits++
  }

  redisHit(): void {
    this.#redisHits++
  }

  miss(): void {
    this.#misses++
  }

  /** A call joined a load that was under way. */
  joined(): void {
    this.#joined++
  }

  /** A loaded value could not be stored. */
  notStored({ code }: CacheError): void {
    this.#notStored[code] = (this.#notStored[code] ?? 0) + 1
  }

  /** Redis could not answer a read, and memory held nothing fresh. */
  readError(): void {
    this.#readErrors++
  }

  staleServed(): void {
    this.#staleServed++
  }

  redisMiss(): void {
    this.#redisMisses++
  }

  /** A value of so many bytes came from Redis. */
  read(bytes: number): void {
    this.#bytesRead += bytes
  }

  /** A value of so many bytes was sent to Redis. */
  wrote(bytes: number): void {
    this.#bytesWritten += bytes
  }

  change(outcome: keyof ChangeCounts, count = 1): void {
    this.#changes[outcome] += count
  }

  corruptValue(): void {
    this.#corruptValues++
  }

  foreignValue(reason: ForeignReason): void {
    this.#foreignValues[reason] = (this.#foreignValues[reason] ?? 0) + 1
  }

  error({ code }: InfrastructureError): void {
    this.#errors[code] = (this.#errors[code] ?? 0) + 1
  }

  counts(): Counts {
    const hits = this.#memoryHits + this.#redisHits
    return {
      hits,
      misses: this.#misses,
      joined: this.#joined,
      notStored: { ...this.#notStored },
      ...hitRateField({ hits, misses: this.#misses }),
      errors: this.#readErrors,
      staleServed: this.#staleServed,
      memoryHits: this.#memoryHits,
      redis: {
        hits: this.#redisHits,
        misses: this.#redisMisses,
        errors: { ...this.#errors },
        corruptValues: this.#corruptValues,
        foreignValues: { ...this.#foreignValues },
        bytesRead: this.#bytesRead,
        bytesWritten: this.#bytesWritten,
        changes: { ...this.#changes },
      },
    }
  }
}
