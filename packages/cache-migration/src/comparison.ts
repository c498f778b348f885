import { explain } from './failures.js'
import type { DetailedValidationResult } from './results.js'

/** Number of keys that are listed by name, for each kind of difference. All are counted. */
const MAX_LISTED = 1_000

/** Contents of one side for a key. */
export interface Side {
  /** Equal for equal values. */
  readonly digest: string
  /** Milliseconds since 1970; `null` if the key never expires. */
  readonly expiresAt: number | null
}

/** Collects the differences between two sides. */
export class Comparison {
  matched = 0
  readonly #toleranceMs: number
  readonly #mismatched = new Listed()
  readonly #missingSource = new Listed()
  readonly #missingTarget = new Listed()
  readonly #ttlDeltas = new Map<string, number | null>()
  readonly #errors: string[] = []
  readonly #unreadable = new Listed()

  constructor(toleranceMs: number) {
    this.#toleranceMs = toleranceMs
  }

  /** Compares a key that the source has. */
  compare(key: string, source: Side, target: Side | undefined): void {
    if (target === undefined) {
      this.#missingTarget.add(key)
      return
    }
    if (source.digest === target.digest) this.matched++
    else this.#mismatched.add(key)
    this.#compareTtl(key, source.expiresAt, target.expiresAt)
  }

  /** Adds a key that only the target has. */
  onlyInTarget(key: string): void {
    this.#missingSource.add(key)
  }

  /** Adds a key that could not be read. */
  unreadable(key: string, reason: string): void {
    this.#unreadable.add(`key ${JSON.stringify(key)}: ${reason}`)
  }

  fail(error: unknown): void {
    this.#errors.push(`Comparison failed: ${explain(error)}`)
  }

  result(validationTime: number): DetailedValidationResult {
    const keysMismatched = this.#mismatched.count
    const totalMismatches = keysMismatched + this.#missingSource.count + this.#missingTarget.count
    const totalKeysChecked = this.matched + totalMismatches
    const unreadable = this.#unreadable.count
    const errors = [...this.#errors]
    if (unreadable > 0)
      errors.push(`${unreadable} keys could not be read`, ...this.#unreadable.list)
    return {
      success: totalMismatches === 0 && errors.length === 0,
      totalKeysChecked,
      keysMatched: this.matched,
      keysMismatched,
      mismatchedKeys: this.#mismatched.list,
      keysMissingSource: this.#missingSource.list,
      keysMissingTarget: this.#missingTarget.list,
      totalMismatches,
      matchPercentage: totalKeysChecked === 0 ? 100 : (this.matched / totalKeysChecked) * 100,
      ttlDeltas: Object.fromEntries(this.#ttlDeltas),
      validationTime,
      errors,
      warnings: [this.#mismatched, this.#missingSource, this.#missingTarget].some(
        (each) => each.isCut,
      )
        ? [`only ${MAX_LISTED} keys of each kind are listed; the numbers cover all`]
        : [],
    }
  }

  #compareTtl(key: string, source: number | null, target: number | null): void {
    if (source === target || this.#ttlDeltas.size >= MAX_LISTED) return
    const delta = source === null || target === null ? null : target - source
    if (delta !== null && Math.abs(delta) <= this.#toleranceMs) return
    this.#ttlDeltas.set(key, delta === null ? null : delta / 1_000)
  }
}

/** A list that counts everything and keeps the first texts. */
class Listed {
  readonly list: string[] = []
  count = 0

  get isCut(): boolean {
    return this.count > this.list.length
  }

  add(text: string): void {
    this.count++
    if (this.list.length < MAX_LISTED) this.list.push(text)
  }
}
