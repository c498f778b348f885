import type { Redis } from 'ioredis'

/** Recognizes a master that was there before and has kept everything that it knew. */
export class ServerIdentity {
  /** By the name of the node. */
  readonly #known = new Map<string, string>()
  /** Nodes that were there from the start and have not been met yet. */
  #unmet: Set<string> | undefined

  /**
   * Returns whether a server has come, or come back, that may not know what was changed lately. One
   * that does not say who it is counts as another each time.
   *
   * @param nodes - the nodes that are masters now
   */
  isAnother(node: string, runId: string | undefined, nodes: readonly string[]): boolean {
    // A node that was no master for a while may have missed changes, whoever it is.
    for (const known of this.#known.keys()) if (!nodes.includes(known)) this.#known.delete(known)
    this.#unmet ??= new Set(nodes)
    const isFirstMeeting = this.#unmet.delete(node)
    const before = this.#known.get(node)
    this.#known.set(node, runId ?? '')
    return !isFirstMeeting && (runId === undefined || runId !== before)
  }
}

/** Returns the id of the run of a server process; `undefined` where a user may not ask. */
export async function runIdOf(master: Redis): Promise<string | undefined> {
  try {
    return /^run_id:(\w+)/m.exec(await master.info('server'))?.[1]
  } catch (error) {
    if (error instanceof Error && error.name === 'ReplyError') return undefined
    throw error
  }
}
