import { CacheError } from '@verbatim/cache-core'

/** The part of an `AbortSignal` that loops check. */
export interface StopSignal {
  readonly aborted: boolean
  readonly reason: unknown
}

/**
 * Runs an action with a time limit. The action receives a signal that is aborted after the limit, and when
 * the signal of the caller is aborted.
 *
 * @throws CacheError (`BENCHMARK_TIMEOUT`) after the limit, even if the action never returns
 */
export async function withinTimeout<Result>(
  name: string,
  seconds: number,
  signal: AbortSignal | undefined,
  action: (stop: StopSignal) => Promise<Result>,
): Promise<Result> {
  const error = new CacheError(`${name} did not finish within ${seconds} seconds`, {
    code: 'BENCHMARK_TIMEOUT',
    context: { name, seconds },
  })
  let isExpired = false
  const stop: StopSignal = {
    get aborted() {
      return isExpired || (signal?.aborted ?? false)
    },
    get reason() {
      return isExpired ? error : signal?.reason
    },
  }
  let timer: NodeJS.Timeout | undefined
  const expiry = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      isExpired = true
      reject(error)
    }, seconds * 1_000)
  })
  try {
    return await Promise.race([action(stop), expiry])
  } finally {
    clearTimeout(timer)
  }
}
