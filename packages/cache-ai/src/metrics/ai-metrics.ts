import { countedName } from '../counted-name.js'
import { TEXT_TIERS, type TextTier } from './text-tier.js'

/** The newest records, of which durations are told. */
const RECENT = 1_000

/**
 * How look-ups end (`error` when Redis could not answer, `joined` when they share a computation under way),
 * and how stores end.
 */
export const AI_OUTCOMES = ['hit', 'miss', 'joined', 'error', 'stored', 'failed'] as const

export type AIOutcome = (typeof AI_OUTCOMES)[number]

/** One look-up or store. */
export interface AIRecord {
  readonly operation: string
  readonly tier: TextTier
  readonly outcome: AIOutcome
  readonly milliseconds: number
}

/** How often each of the outcomes came about. */
export type OutcomeCounts = Record<AIOutcome, number>

/** Counts what was done with responses by operation and by the length of texts, in bounded memory. */
export class AIMetrics {
  readonly #operations = new Map<string, OutcomeCounts>()
  readonly #tiers = new Map<TextTier, OutcomeCounts>(TEXT_TIERS.map((tier) => [tier, noCounts()]))
  readonly #records: AIRecord[] = []
  #next = 0

  add(record: AIRecord): void {
    const operation = countedName(record.operation, this.#operations)
    const counts = this.#operations.get(operation) ?? noCounts()
    this.#operations.set(operation, counts)
    counts[record.outcome]++
    const tier = this.#tiers.get(record.tier)
    if (tier !== undefined) tier[record.outcome]++
    this.#records[this.#next] = { ...record, operation }
    this.#next = (this.#next + 1) % RECENT
  }

  /** By operation; beyond the first hundred they are `'other'`. */
  get operations(): ReadonlyMap<string, Readonly<OutcomeCounts>> {
    return this.#operations
  }

  get tiers(): ReadonlyMap<TextTier, Readonly<OutcomeCounts>> {
    return this.#tiers
  }

  /** The newest thousand, oldest first. */
  get records(): readonly AIRecord[] {
    if (this.#records.length < RECENT) return [...this.#records]
    return [...this.#records.slice(this.#next), ...this.#records.slice(0, this.#next)]
  }
}

/** hits / (hits + misses), in percent; `undefined` without either. */
export function hitRateOf({ hit, miss }: Readonly<OutcomeCounts>): number | undefined {
  return hit + miss === 0 ? undefined : (hit / (hit + miss)) * 100
}

/** All of an outcome together. */
export function sumOf(counts: Iterable<Readonly<OutcomeCounts>>): OutcomeCounts {
  const sum = noCounts()
  for (const each of counts) for (const outcome of AI_OUTCOMES) sum[outcome] += each[outcome]
  return sum
}

function noCounts(): OutcomeCounts {
  return { hit: 0, miss: 0, joined: 0, error: 0, stored: 0, failed: 0 }
}
