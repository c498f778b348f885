import type { CacheMonitor } from '../monitor.js'

/** A monitor that records its reports. */
export class RecordingMonitor implements CacheMonitor {
  /** Reports, such as `'get hit'`, `'set ok'` and `'invalidation of 2'`. */
  readonly calls: string[] = []
  /** Durations in milliseconds; `undefined` for operations that were not timed. */
  readonly times: (number | undefined)[] = []
  readonly tiers: string[] = []
  /** Reasons of invalidations; `undefined` where none was given. */
  readonly reasons: (string | undefined)[] = []

  observeOperation(
    operation: string,
    outcome: string,
    tier: string,
    milliseconds: number | undefined,
  ): void {
    this.calls.push(`${operation} ${outcome}`)
    this.tiers.push(tier)
    this.times.push(milliseconds)
  }

  observeInvalidation(keysInvalidated: number, milliseconds: number, reason?: string): void {
    this.reasons.push(reason)
    this.calls.push(`invalidation of ${keysInvalidated}`)
    this.times.push(milliseconds)
  }

  /** Records an unexpected report, because no test of the contract generates a key. */
  observeKeyGeneration(): void {
    this.calls.push('key generation')
  }

  observeCompression(): void {}

  /** Returns the reports during an action, sorted, because a batch may handle its keys in any order. */
  async during(action: () => Promise<unknown>): Promise<string[]> {
    this.calls.length = 0
    await action()
    return this.calls.toSorted()
  }
}
