import type { LoadContext, Loader } from '../../src/index.js'

/** A call of a loader that ends on demand. */
export interface PendingLoad {
  readonly context: LoadContext
  readonly answer: (value: string) => void
  readonly fail: (reason: unknown) => void
}

/** A loader that returns or fails on demand, and records its calls. */
export class Source {
  readonly loads: PendingLoad[] = []

  readonly load: Loader<string> = (context) =>
    new Promise((answer, fail) => {
      this.loads.push({ context, answer, fail })
    })

  /** Returns the call with this index. */
  nth(index: number): PendingLoad {
    const load = this.loads[index]
    if (load === undefined) throw new Error(`load ${index} was not begun`)
    return load
  }

  async answer(value: string, index = this.loads.length - 1): Promise<void> {
    this.nth(index).answer(value)
    await turn()
  }

  async fail(reason: unknown, index = this.loads.length - 1): Promise<void> {
    this.nth(index).fail(reason)
    await turn()
  }
}

/** Waits until all pending promises without timers are settled. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}

/** State of a call, which can be read without waiting for it. */
export interface Outcome<T> {
  readonly state: 'pending' | 'answered' | 'failed'
  readonly value?: T
  readonly reason?: unknown
}

/** Returns a function that returns the state of a call. Handles a rejection of the call. */
export function follow<T>(call: Promise<T>): () => Outcome<T> {
  let outcome: Outcome<T> = { state: 'pending' }
  const end = (settled: Outcome<T>): void => {
    outcome = settled
  }
  call.then(
    (value) => end({ state: 'answered', value }),
    (reason: unknown) => end({ state: 'failed', reason }),
  )
  return () => outcome
}
