/** From what is worth knowing to what must be seen to. */
export type AlertLevel = 'INFO' | 'WARNING' | 'ERROR' | 'CRITICAL'

/** What an alert is about. */
export type AlertName =
  | 'cache_size'
  | 'memory_entries'
  | 'invalidation_rate'
  | 'error_rate'
  | 'slow_operations'
  | 'slow_key_generation'

/** Something that is as it should not be. */
export interface Alert {
  readonly name: AlertName
  readonly level: AlertLevel
  readonly message: string
  /** What was measured, in the unit of the threshold. */
  readonly value: number
  /** At or above which the alert has this level. */
  readonly threshold: number
  /** Since when it is raised, at whatever level. ISO 8601. */
  readonly since: string
}

/** What became of an alert: it has come, it has another level than before, or it has gone. */
export type AlertChange = 'raised' | 'changed' | 'cleared'
