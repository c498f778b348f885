import type { Reporter } from '@verbatim/cache-core'

const NO_AMOUNT_OR_NAME = 'it holds a negative or infinite number, or an unknown name'

/** Reports the first record that a monitor leaves out, with the reason and without a value. */
export function reportRejected(reporter: Reporter, reason: string = NO_AMOUNT_OR_NAME): void {
  reporter.notifyOnce('warn', 'VERBATIM_RECORD_REJECTED', `a record was left out: ${reason}`)
}

/** Reports the first failure of a cache to return its size. */
export function reportUnknownSize(reporter: Reporter): void {
  const message = 'a cache fails to say how much it holds'
  reporter.notifyOnce('warn', 'VERBATIM_CACHE_SIZE_UNKNOWN', message)
}
