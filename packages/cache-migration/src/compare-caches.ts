import { createHash } from 'node:crypto'
import type { Clock, InspectedEntry } from '@verbatim/cache-core'
import { encodeTaggedJson } from '@verbatim/cache-redis'
import { Comparison, type Side } from './comparison.js'
import { Unreadable } from './failures.js'
import { assertNotInterrupted } from './file/atomic-file.js'
import { type OnProgress, ProgressCounter } from './progress.js'
import type { DetailedValidationResult } from './results.js'
import type { MigrationSource } from './write-entries.js'

/** The checked options of a comparison of caches. */
export interface CompareCachesSettings {
  readonly pattern: string
  readonly toleranceMs: number
  readonly allowForeign: boolean
  readonly onProgress: OnProgress | undefined
  readonly signal: AbortSignal | undefined
  readonly clock: Clock
}

/** Compares two caches by their values. Neither is changed. */
export async function compareCaches(
  source: MigrationSource,
  target: MigrationSource,
  { pattern, toleranceMs, allowForeign, onProgress, signal, clock }: CompareCachesSettings,
): Promise<DetailedValidationResult> {
  const startedAt = clock.now()
  const comparison = new Comparison(toleranceMs)
  const progress = new ProgressCounter(onProgress)
  const inSource = new Unreadable(comparison.unreadable)
  const inTarget = new Unreadable(comparison.unreadable)
  const sides = async function* sidesOf(
    cache: MigrationSource,
    unreadable: Unreadable,
  ): AsyncGenerator<[string, Side | undefined]> {
    for await (const entry of cache.inspect(pattern, { includeForeign: true })) {
      assertNotInterrupted(signal)
      progress.add(1)
      yield [entry.key, sideOf(entry, clock, unreadable)]
    }
  }
  try {
    // A digest and a key for each entry of the target; its values are not retained.
    const others = new Map<string, Side | undefined>()
    for await (const [key, side] of sides(target, inTarget)) others.set(key, side)
    for await (const [key, side] of sides(source, inSource)) {
      const other = others.get(key)
      // A key that could not be read exists, and has been counted.
      const isUnreadable = side === undefined || (other === undefined && others.has(key))
      if (!isUnreadable) comparison.compare(key, side, other)
      others.delete(key)
    }
    for (const [key, side] of others) if (side !== undefined) comparison.onlyInTarget(key)
  } catch (error) {
    comparison.fail(error)
  }
  comparison.addReport(
    inSource.reportForeign('Comparison incomplete: in the source, ', allowForeign),
  )
  comparison.addReport(
    inTarget.reportForeign('Comparison incomplete: in the target, ', allowForeign),
  )
  return comparison.result((clock.now() - startedAt) / 1_000)
}

function sideOf(entry: InspectedEntry, clock: Clock, unreadable: Unreadable): Side | undefined {
  try {
    if ('error' in entry) throw entry.error
    const digest = createHash('sha256').update(encodeTaggedJson(entry.value)).digest('base64')
    const expiresAt = entry.ttl === null ? null : Math.round(clock.wallTime() + entry.ttl * 1_000)
    return { digest, expiresAt }
  } catch (error) {
    unreadable.add(entry.key, error)
    return undefined
  }
}
