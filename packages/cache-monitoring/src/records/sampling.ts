import { timers } from '@verbatim/cache-core'

/** What is to be done from time to time. */
export interface Sampled {
  sample(): void
}

/**
 * Has somebody sample at an interval, for as long as others use it: the timer keeps neither it nor the
 * process alive. Returns how to stop.
 */
export function sampleAtInterval(sampled: Sampled, milliseconds: number): () => void {
  const reference = new WeakRef(sampled)
  const timer = timers.setInterval(() => {
    const alive = reference.deref()
    if (alive === undefined) timers.clearInterval(timer)
    else alive.sample()
  }, milliseconds)
  timer.unref()
  return () => timers.clearInterval(timer)
}
