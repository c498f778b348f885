import { CacheError } from '@verbatim/cache-core'
import { onAbort } from '@verbatim/cache-core/implement'

/** Time in milliseconds in which an action stops after the signal of its caller, and deletes its keys. */
const GRACE_MS = 1_000

/** The part of an `AbortSignal` that loops check. */
export interface StopSignal {
  readonly aborted: boolean
  readonly reason: unknown
}

/**
 * Runs an action with a time limit. The action receives a signal that is aborted after the limit, and when
 * the signal of the caller is aborted.
 *
 * @throws CacheError (`BENCHMARK_TIMEOUT`) after the limit, and the reason of the signal one second after its abort,
 * even if the action never returns
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
  const timers: NodeJS.Timeout[] = []
  let stopListening: (() => void) | undefined
  const expiry = new Promise<never>((_, reject) => {
    const expire = (): void => {
      isExpired = true
      reject(error)
    }
    timers.push(setTimeout(expire, seconds * 1_000))
    if (signal === undefined) return
    stopListening = onAbort(signal, () => {
      timers.push(setTimeout(() => reject(signal.reason), GRACE_MS))
    })
  })
  try {
    return await Promise.race([action(stop), expiry])
  } finally {
    stopListening?.()
    for (const timer of timers) clearTimeout(timer)
  }
}
