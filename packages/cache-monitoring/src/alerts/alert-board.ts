import type { Alert, AlertChange, AlertLevel, AlertName } from './alert.js'

/** Below this share of its threshold an alert goes; at the threshold itself it might flap. */
const CLEARED_BELOW = 0.9

/** At or above which values an alert has which level, the lowest first. */
type Thresholds = readonly (readonly [level: AlertLevel, threshold: number])[]

export interface Measured {
  readonly name: AlertName
  readonly thresholds: Thresholds
  /** `undefined` where there is nothing to measure: then there is no alert. */
  readonly value: number | undefined
  readonly message: string
}

/**
 * The alerts that are raised. Each is raised once, however often it is measured, and cleared once, when
 * what is measured has gone well below the threshold.
 */
export class AlertBoard {
  readonly #raised = new Map<AlertName, Alert>()
  readonly #changed: (alert: Alert, change: AlertChange) => void

  constructor(changed: (alert: Alert, change: AlertChange) => void) {
    this.#changed = changed
  }

  /** Those that are raised, in the order in which they were. */
  get raised(): Alert[] {
    return [...this.#raised.values()]
  }

  /** @param now - in ISO 8601 */
  update({ name, thresholds, value, message }: Measured, now: string): void {
    const before = this.#raised.get(name)
    const step = value === undefined ? undefined : levelOf(value, thresholds, before?.level)
    if (value === undefined || step === undefined) {
      this.#clear(before)
      return
    }
    const [level, threshold] = step
    const alert = { name, level, message, value, threshold, since: before?.since ?? now }
    this.#raised.set(name, alert)
    if (before === undefined) this.#changed(alert, 'raised')
    else if (before.level !== level) this.#changed(alert, 'changed')
  }

  /** Clears all. */
  clear(): void {
    for (const alert of this.raised) this.#clear(alert)
  }

  #clear(alert: Alert | undefined): void {
    if (alert === undefined) return
    this.#raised.delete(alert.name)
    this.#changed(alert, 'cleared')
  }
}

/** The highest level that the value reaches, or has not yet gone well below. */
function levelOf(
  value: number,
  thresholds: Thresholds,
  before: AlertLevel | undefined,
): Thresholds[number] | undefined {
  const heldUpTo = thresholds.findIndex(([level]) => level === before)
  return thresholds.findLast(
    ([, threshold], index) => value >= (index <= heldUpTo ? threshold * CLEARED_BELOW : threshold),
  )
}
