import { setTimeout as sleep } from 'node:timers/promises'

/** The outcomes of calls that were made one after the other. */
export interface Outage {
  /** When the last call failed, in milliseconds since the first; 0 if none has. */
  readonly endedAfterMs: number
  /** The codes of the errors, with how many there were of each. */
  readonly errors: Readonly<Record<string, number>>
  readonly slowestCallMs: number
}

/**
 * Calls repeatedly until it is stopped; without a stop, until no call has failed for a while
 * after something had.
 */
export async function watchOutage(
  call: () => Promise<unknown>,
  { until = isOver }: { readonly until?: (outage: Outage, nowMs: number) => boolean } = {},
): Promise<Outage> {
  const errors: Record<string, number> = {}
  const outage = { endedAfterMs: 0, errors, slowestCallMs: 0 }
  const startedAt = performance.now()
  for (;;) {
    const callAt = performance.now()
    const code = await call().then(
      () => undefined,
      (error: { code: string }) => error.code,
    )
    const now = performance.now()
    outage.slowestCallMs = Math.max(outage.slowestCallMs, now - callAt)
    if (code !== undefined) {
      errors[code] = (errors[code] ?? 0) + 1
      outage.endedAfterMs = now - startedAt
    }
    if (until(outage, now - startedAt)) return outage
    await sleep(2)
  }
}

function isOver({ endedAfterMs }: Outage, nowMs: number): boolean {
  return endedAfterMs > 0 && nowMs - endedAfterMs > 300
}
