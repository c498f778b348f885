import { describeViolation } from './checker/describe-violation.js'
import type { Violation, ViolationKind } from './checker/violation.js'
import type { Trouble } from './worker/messages.js'

/** Written out in full; the rest is counted. */
const MOST_DESCRIBED = 5

/** What a run has found that should not be. */
export class Findings {
  readonly #violations = new Map<ViolationKind, number>()
  readonly #troubles = new Map<Trouble['kind'], number>()
  readonly #histories: string[] = []
  readonly #troubleTexts: string[] = []
  readonly #onFirst: () => void
  #count = 0

  /** @param onFirst - called at the first violation or trouble */
  constructor(onFirst: () => void) {
    this.#onFirst = onFirst
  }

  /** How many of each kind. */
  get violations(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#violations)
  }

  get troubles(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#troubles)
  }

  /** The histories of the first violations. */
  get histories(): readonly string[] {
    return this.#histories
  }

  get troubleTexts(): readonly string[] {
    return this.#troubleTexts
  }

  /** @param trace - what else happened to that key; empty when that was not asked for */
  addViolation(violation: Violation, trace: () => string): void {
    this.#add(this.#violations, violation.kind)
    // The object is described now: what it points to changes as the run goes on.
    if (this.#histories.length >= MOST_DESCRIBED) return
    this.#histories.push([describeViolation(violation), trace()].filter(Boolean).join('\n'))
  }

  addTrouble(worker: number, { kind, text }: Trouble): void {
    this.#add(this.#troubles, kind)
    if (this.#troubleTexts.length >= MOST_DESCRIBED) return
    this.#troubleTexts.push(`process ${worker}: ${kind}: ${text}`)
  }

  #add<Kind>(counts: Map<Kind, number>, kind: Kind): void {
    if (this.#count === 0) this.#onFirst()
    this.#count++
    counts.set(kind, (counts.get(kind) ?? 0) + 1)
  }
}
