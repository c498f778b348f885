/** The handle of a command or reply that the proxy holds. */
export interface HoldHandle {
  /** Resolves when the command or reply has arrived at the proxy. Rejects if it will never be held. */
  readonly reached: Promise<void>
  /** Forwards the command or reply. If it has not arrived yet, it will not be held. */
  release(): Promise<void>
}

interface Waiter {
  readonly resolve: () => void
  readonly reject: (reason: Error) => void
}

/** The handles of a test, by their number in the process of the proxy. */
export class HoldHandles {
  readonly #waiters = new Map<number, Waiter>()
  #lastId = 0

  add(release: (id: number) => Promise<void>): {
    readonly id: number
    readonly handle: HoldHandle
  } {
    const id = ++this.#lastId
    const reached = new Promise<void>((resolve, reject) =>
      this.#waiters.set(id, { resolve, reject }),
    )
    // Tests may ignore the promise.
    reached.catch(() => undefined)
    return {
      id,
      handle: {
        reached,
        release: async () => {
          await release(id)
          this.#reject(id, 'it was released before it arrived')
        },
      },
    }
  }

  markReached(id: number): void {
    this.#waiters.get(id)?.resolve()
    this.#waiters.delete(id)
  }

  /** Rejects the promises of all commands and replies that have not arrived. */
  giveUp(reason: string): void {
    for (const id of [...this.#waiters.keys()]) this.#reject(id, reason)
  }

  #reject(id: number, reason: string): void {
    this.#waiters.get(id)?.reject(new Error(`Nothing was held: ${reason}`))
    this.#waiters.delete(id)
  }
}
