import type { Redis } from 'ioredis'

/** Tells whether a master is the one that was there before, with all that it knew. */
export class ServerIdentity {
  /** By the name of the node. */
  readonly #known = new Map<string, string>()
  /** Nodes that were there from the start and have not been met yet. */
  #unmet: Set<string> | undefined

  /**
   * Answers whether a server has come, or come back, that may not know what was changed lately. One
   * that may not say who it is counts as another each time.
   *
   * @param names - of the nodes that are masters now
   */
  async isAnother(master: Redis, name: string, names: readonly string[]): Promise<boolean> {
    // A node that was none for a while may have missed changes, whoever it is.
    for (const known of this.#known.keys()) if (!names.includes(known)) this.#known.delete(known)
    this.#unmet ??= new Set(names)
    const isFirstMeeting = this.#unmet.delete(name)
    const identity = await identityOf(master)
    const before = this.#known.get(name)
    this.#known.set(name, identity ?? '')
    return !isFirstMeeting && (identity === undefined || identity !== before)
  }
}

async function identityOf(master: Redis): Promise<string | undefined> {
  try {
    return /^run_id:(\w+)/m.exec(await master.info('server'))?.[1]
  } catch (error) {
    if (error instanceof Error && error.name === 'ReplyError') return undefined
    throw error
  }
}
