import type { LoadContext, Loader } from '../../src/index.js'

/** One call of a loader, which ends when told to. */
export interface PendingLoad {
  readonly context: LoadContext
  readonly answer: (value: string) => void
  readonly fail: (reason: unknown) => void
}

/** A loader that answers and fails when told to, and remembers its calls. */
export class Source {
  readonly loads: PendingLoad[] = []

  readonly load: Loader<string> = (context) =>
    new Promise((answer, fail) => {
      this.loads.push({ context, answer, fail })
    })

  /** The call of this number, from 0. */
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

/** Lets everything happen that waits for no timer. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}

/** What has become of a call, to be looked at without waiting for it. */
export interface Outcome<T> {
  readonly state: 'pending' | 'answered' | 'failed'
  readonly value?: T
  readonly reason?: unknown
}

/** Follows a call; also takes care that its failure is not unhandled meanwhile. */
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
