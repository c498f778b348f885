import type { CacheInterface, Ttl } from '@verbatim/cache-core'

/** Options of a {@link Claim}. */
export interface ClaimOptions {
  /** Tags of the answer. The claim is lost when one of them is invalidated. */
  readonly tags: readonly string[]
  /** Whether the model is asked although a usable answer is stored. */
  readonly refresh: boolean
  /** Returns whether a stored value is a usable answer. */
  readonly isUsable: (value: unknown) => boolean
  /** Aborted when no caller waits for the answer any longer. */
  readonly signal: AbortSignal
}

/**
 * The decision which call asks the model.
 *
 * - `'granted'`: this call does, and may store the answer.
 * - `'unavailable'`: this call does, because the cache failed. The answer cannot be stored.
 * - a value: an identical call did, and this is what it stored; `undefined` if it stored nothing.
 */
export type Turn = 'granted' | 'unavailable' | { readonly value: unknown }

/**
 * The right to ask the model and to store its answer under a key. One call of all processes that share the
 * cache holds it at a time; the others wait for the answer of that call.
 *
 * The call of the model takes the place of a loader of `getOrSet`. So an answer is not stored if its key was
 * written, deleted or invalidated while the model was working, by any process.
 */
export class Claim {
  /** Tags of the answer. */
  readonly tags: readonly string[]
  /** Known as soon as the model may be asked, or need not be. */
  readonly turn: Promise<Turn>
  readonly #load: Promise<unknown>
  #end!: (value: unknown) => void
  #ttl: Ttl | undefined

  constructor(cache: CacheInterface, key: string, options: ClaimOptions) {
    const { tags, refresh, isUsable: accept, signal } = options
    this.tags = tags
    const end = new Promise<unknown>((resolve) => {
      this.#end = resolve
    })
    let grant!: (turn: 'granted') => void
    const granted = new Promise<'granted'>((resolve) => {
      grant = resolve
    })
    const ttl = (): Ttl | undefined => this.#ttl
    this.#load = (async () =>
      cache.getOrSet<unknown>(
        key,
        async ({ skip }) => {
          grant('granted')
          const value = await end
          if (value === undefined) skip()
          return value
        },
        { accept, refresh, signal, tags, ttl },
      ))()
    const waited = this.#load.then(
      (value) => ({ value }),
      () => 'unavailable' as const,
    )
    this.turn = Promise.race([granted, waited])
  }

  /**
   * Stores the answer, unless its key has changed since the turn was granted.
   *
   * @throws the error of the cache
   */
  async store(value: unknown, ttl: Ttl | undefined): Promise<void> {
    this.#ttl = ttl
    this.#end(value)
    await this.#load
  }

  /** Ends a claim that stores nothing. Does nothing after {@link Claim.store}. */
  release(): void {
    this.#end(undefined)
  }
}
