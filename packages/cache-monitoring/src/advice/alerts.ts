import type { Severity } from './recommendations.js'

/** The subject of an alert. */
export type AlertName =
  | 'cache_size'
  | 'memory_entries'
  | 'invalidation_rate'
  | 'error_rate'
  | 'slow_operations'
  | 'slow_key_generation'

/** A {@link Severity} in capitals. */
export type AlertLevel = Uppercase<Severity>

/** A figure that has reached a threshold. */
export interface Alert {
  readonly name: AlertName
  readonly level: AlertLevel
  readonly message: string
  /** The figure, in the unit of the threshold. */
  readonly value: number
  /** The threshold of this level. */
  readonly threshold: number
  /** When the alert was raised, at whatever level. ISO 8601. */
  readonly since: string
}

/** `'changed'` means another level than before. */
export type AlertChange = 'raised' | 'changed' | 'cleared'

/** The thresholds of an alert, the lowest first. */
type Thresholds = readonly (readonly [level: AlertLevel, threshold: number])[]

export interface Measured {
  readonly name: AlertName
  readonly thresholds: Thresholds
  /** `undefined` for an unknown figure, which raises no alert. */
  readonly value: number | undefined
  readonly message: string
}

/** An alert is cleared below this share of its threshold. At the threshold it would flap. */
const CLEARED_BELOW = 0.9

/**
 * Holds the raised alerts. An alert is raised once, however often its figure is measured, and cleared once,
 * when the figure has fallen well below the threshold.
 */
export class AlertBoard {
  readonly #raised = new Map<AlertName, Alert>()
  readonly #changed: (alert: Alert, change: AlertChange) => void

  constructor(changed: (alert: Alert, change: AlertChange) => void) {
    this.#changed = changed
  }

  /** The raised alerts, in the order in which they were raised. */
  get raised(): Alert[] {
    return [...this.#raised.values()]
  }

  /** @param now - in ISO 8601 */
  update({ name, thresholds, value, message }: Measured, now: string): void {
    const before = this.#raised.get(name)
    const step = value === undefined ? undefined : stepOf(value, thresholds, before?.level)
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

  clear(): void {
    for (const alert of this.raised) this.#clear(alert)
  }

  #clear(alert: Alert | undefined): void {
    if (alert === undefined) return
    this.#raised.delete(alert.name)
    this.#changed(alert, 'cleared')
  }
}

/** Returns the highest threshold that a figure reaches, or has not fallen well below. */
function stepOf(
  value: number,
  thresholds: Thresholds,
  before: AlertLevel | undefined,
): Thresholds[number] | undefined {
  const reachedBefore = thresholds.findIndex(([level]) => level === before)
  return thresholds.findLast(([, threshold], index) => {
    return value >= (index <= reachedBefore ? threshold * CLEARED_BELOW : threshold)
  })
}
