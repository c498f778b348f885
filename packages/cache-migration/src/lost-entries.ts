import { hasMethod } from '@verbatim/cache-core/implement'

/** Numbers of entries that a target has not kept, since it was created. */
interface Losses {
  /** Entries that were evicted, or were too large for the memory of the target. */
  readonly evicted: number
  /** Writes that Redis has not confirmed. */
  readonly unconfirmed: number
}

/**
 * Finds entries that a target accepted and did not keep. A cache in memory evicts entries beyond its limits, and a
 * cache in Redis that hides failures reports them only in its statistics.
 */
export class LostEntries {
  readonly #target: object
  readonly #before: Losses

  constructor(target: object) {
    this.#target = target
    this.#before = lossesOf(target)
  }

  /** Returns one line for each kind of loss since the creation of this object. */
  lines(): string[] {
    const { evicted, unconfirmed } = lossesOf(this.#target)
    const lines: string[] = []
    const evictions = evicted - this.#before.evicted
    if (evictions > 0) {
      lines.push(`the target is too small: it has evicted or refused ${evictions} entries`)
    }
    const failures = unconfirmed - this.#before.unconfirmed
    if (failures > 0) {
      lines.push(`Redis has not confirmed ${failures} writes of the target`)
    }
    return lines
  }
}

/** Reads the statistics of a cache of these packages. Another cache has none that are known. */
function lossesOf(target: object): Losses {
  const stats = statsOf(target)
  // The memory of a cache with Redis is only its first tier.
  const memory =
    'redis' in stats && stats['mode'] !== 'memory' ? {} : fieldsOf(stats['memory'] ?? stats)
  const changes = fieldsOf(fieldsOf(stats['redis'])['changes'])
  return {
    evicted: numberOf(memory['evictions']) + numberOf(memory['refusals']),
    unconfirmed: numberOf(changes['failed']) + numberOf(changes['indeterminate']),
  }
}

function statsOf(target: object): Readonly<Record<string, unknown>> {
  try {
    if (!hasMethod(target, 'getStats')) return {}
    return fieldsOf((target as { getStats(): unknown }).getStats())
  } catch {
    return {}
  }
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return Object(value) as Readonly<Record<string, unknown>>
}

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : 0
}
