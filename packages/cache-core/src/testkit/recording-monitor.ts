import type { CacheMonitor } from '../monitor.js'

/** A monitor that notes what it is told. */
export class RecordingMonitor implements CacheMonitor {
  /** Such as `'get hit'`, `'set ok'` and `'invalidation of 2'`. */
  readonly calls: string[] = []
  /** Times that were told, in milliseconds; `undefined` for calls that were not timed. */
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

  /** No test of the contract asks for a key: the call is one too many. */
  observeKeyGeneration(): void {
    this.calls.push('key generation')
  }

  observeCompression(): void {}

  /** What is told during an action, sorted: several keys may be dealt with in any order. */
  async during(action: () => Promise<unknown>): Promise<string[]> {
    this.calls.length = 0
    await action()
    return this.calls.toSorted()
  }
}
