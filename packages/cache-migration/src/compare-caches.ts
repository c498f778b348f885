import { createHash } from 'node:crypto'
import type { Clock, InspectedEntry } from '@verbatim/cache-core'
import { encodeTaggedJson } from '@verbatim/cache-redis'
import { Comparison, type Side } from './comparison.js'
import { explain } from './failures.js'
import { assertNotInterrupted } from './file/atomic-file.js'
import type { DetailedValidationResult } from './results.js'
import type { MigrationSource } from './write-entries.js'

/** The checked options of a comparison of caches. */
export interface CompareCachesSettings {
  readonly pattern: string
  readonly toleranceMs: number
  readonly signal: AbortSignal | undefined
  readonly clock: Clock
}

/** Compares two caches by their values. Neither is changed. */
export async function compareCaches(
  source: MigrationSource,
  target: MigrationSource,
  { pattern, toleranceMs, signal, clock }: CompareCachesSettings,
): Promise<DetailedValidationResult> {
  const startedAt = clock.now()
  const comparison = new Comparison(toleranceMs)
  const sides = async function* sidesOf(cache: MigrationSource): AsyncGenerator<[string, Side]> {
    for await (const entry of cache.inspect(pattern)) {
      assertNotInterrupted(signal)
      const side = sideOf(entry, clock, comparison)
      if (side !== undefined) yield [entry.key, side]
    }
  }
  try {
    // A digest and a key for each entry of the target; its values are not retained.
    const inTarget = new Map<string, Side>()
    for await (const [key, side] of sides(target)) inTarget.set(key, side)
    for await (const [key, side] of sides(source)) {
      comparison.compare(key, side, inTarget.get(key))
      inTarget.delete(key)
    }
    for (const key of inTarget.keys()) comparison.onlyInTarget(key)
  } catch (error) {
    comparison.fail(error)
  }
  return comparison.result((clock.now() - startedAt) / 1_000)
}

function sideOf(entry: InspectedEntry, clock: Clock, comparison: Comparison): Side | undefined {
  try {
    if ('error' in entry) throw entry.error
    const digest = createHash('sha256').update(encodeTaggedJson(entry.value)).digest('base64')
    const expiresAt = entry.ttl === null ? null : Math.round(clock.wallTime() + entry.ttl * 1_000)
    return { digest, expiresAt }
  } catch (error) {
    comparison.unreadable(entry.key, explain(error))
    return undefined
  }
}
