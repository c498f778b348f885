/** One command or one reply that the proxy holds. */
export interface Held {
  /** Settles when it is here: for a reply, the server has answered. Rejects if that was in vain. */
  readonly seen: Promise<void>
  /** Lets it go on its way; if it has not come yet, it will not be held. */
  release(): Promise<void>
}

interface Waiting {
  readonly resolve: () => void
  readonly reject: (reason: Error) => void
}

/** The handles that a test has, by the number that the process knows them by. */
export class HeldHandles {
  readonly #waiting = new Map<number, Waiting>()
  #lastId = 0

  add(release: (id: number) => Promise<void>): { readonly id: number; readonly held: Held } {
    const id = ++this.#lastId
    const seen = new Promise<void>((resolve, reject) => this.#waiting.set(id, { resolve, reject }))
    // A test need not wait for it.
    seen.catch(() => undefined)
    return {
      id,
      held: {
        seen,
        release: async () => {
          await release(id)
          this.#reject(id, 'it was released before it came')
        },
      },
    }
  }

  markSeen(id: number): void {
    this.#waiting.get(id)?.resolve()
    this.#waiting.delete(id)
  }

  /** Ends the wait for all that has not come. */
  giveUp(reason: string): void {
    for (const id of [...this.#waiting.keys()]) this.#reject(id, reason)
  }

  #reject(id: number, reason: string): void {
    this.#waiting.get(id)?.reject(new Error(`Nothing was held: ${reason}`))
    this.#waiting.delete(id)
  }
}
