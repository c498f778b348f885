import { explain, Failures, NO_KEYS, type Report } from './failures.js'
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
  /** Keys that exist and could not be read. */
  readonly unreadable: Failures = new Failures()
  readonly #toleranceMs: number
  readonly #mismatched = new Listed()
  readonly #missingSource = new Listed()
  readonly #missingTarget = new Listed()
  readonly #ttlDeltas = new Map<string, number | null>()
  readonly #errors: string[] = []
  readonly #warnings: string[] = []

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

  addReport({ errors, warnings }: Report): void {
    this.#errors.push(...errors)
    this.#warnings.push(...warnings)
  }

  fail(error: unknown): void {
    this.#errors.push(`Comparison failed: ${explain(error)}`)
  }

  result(validationTime: number): DetailedValidationResult {
    const keysMismatched = this.#mismatched.count
    const totalMismatches = keysMismatched + this.#missingSource.count + this.#missingTarget.count
    const totalKeysChecked = this.matched + totalMismatches
    const { count } = this.unreadable
    const unreadable =
      count === 0 ? [] : [`${count} keys could not be read`, ...this.unreadable.list()]
    const errors = [...unreadable, ...this.#errors]
    const lists = [this.#mismatched, this.#missingSource, this.#missingTarget]
    const warnings = [...this.#warnings]
    if (lists.some((each) => each.isCut)) {
      warnings.push(`only ${MAX_LISTED} keys of each kind are listed; the numbers cover all`)
    }
    if (totalKeysChecked === 0 && errors.length === 0) warnings.push(NO_KEYS)
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
      warnings,
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
