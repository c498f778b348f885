import { describeViolation } from './checker/describe-violation.js'
import type { Violation, ViolationKind } from './checker/violation.js'
import type { Problem } from './worker/messages.js'

/** Number of violations and problems that are described. All others are only counted. */
const MOST_DESCRIBED = 5

/** Collects the violations and problems of a run. */
export class Findings {
  readonly #violations = new Map<ViolationKind, number>()
  readonly #problems = new Map<Problem['kind'], number>()
  readonly #histories: string[] = []
  readonly #problemTexts: string[] = []
  readonly #onFirst: () => void
  #count = 0

  /**
   * Creates an empty collection.
   *
   * @param onFirst - called at the first violation or problem
   */
  constructor(onFirst: () => void) {
    this.#onFirst = onFirst
  }

  /** Number of violations by kind. */
  get violations(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#violations)
  }

  get problems(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#problems)
  }

  /** Histories of the first violations. */
  get histories(): readonly string[] {
    return this.#histories
  }

  get problemTexts(): readonly string[] {
    return this.#problemTexts
  }

  /**
   * Adds a violation.
   *
   * @param trace - returns the latest events of the key; empty without `--trace`
   */
  addViolation(violation: Violation, trace: () => string): void {
    this.#add(this.#violations, violation.kind)
    // The description is created now, because the object changes during the run.
    if (this.#histories.length >= MOST_DESCRIBED) return
    this.#histories.push([describeViolation(violation), trace()].filter(Boolean).join('\n'))
  }

  addProblem(worker: number, { kind, text }: Problem): void {
    this.#add(this.#problems, kind)
    if (this.#problemTexts.length >= MOST_DESCRIBED) return
    this.#problemTexts.push(`process ${worker}: ${kind}: ${text}`)
  }

  #add<Kind>(counts: Map<Kind, number>, kind: Kind): void {
    if (this.#count === 0) this.#onFirst()
    this.#count++
    counts.set(kind, (counts.get(kind) ?? 0) + 1)
  }
}
