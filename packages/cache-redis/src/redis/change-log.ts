import { type ChangeKind, RecentChanges } from './recent-changes.js'
import { type Deleter, UnconfirmedDeletes } from './unconfirmed-deletes.js'

/**
 * What Redis may not know: changes that it could not be told of, and, when another server turns up,
 * all recent ones. Until Redis has been told it is not believed about them.
 */
export class ChangeLog {
  readonly #unconfirmed: UnconfirmedDeletes
  readonly #recent = new RecentChanges()

  constructor(deleter: Deleter) {
    this.#unconfirmed = new UnconfirmedDeletes(deleter)
  }

  /** How much of it there is now. */
  get unconfirmed(): number {
    return this.#unconfirmed.size
  }

  /** Whether what Redis holds under this key may be believed. */
  believes(key: string): boolean {
    return !this.#unconfirmed.has(key)
  }

  /** The same for what carries this tag. */
  believesTag(tag: string): boolean {
    return !this.#unconfirmed.hasTag(tag)
  }

  /** Redis was told of a change. @param last - whether there was none of the same meanwhile */
  confirmed(kind: ChangeKind, name: string, last: boolean): void {
    this.#recent.add(kind, name)
    if (last) this.#unconfirmed.confirm(kind, name)
  }

  /** Nobody knows whether Redis was told of a change. */
  failed(kind: ChangeKind, name: string): void {
    this.#unconfirmed.add(kind, name)
    this.settle()
  }

  /** A server has come that may not know of recent changes. */
  recall(): void {
    for (const [kind, name] of this.#recent.recall()) this.#unconfirmed.add(kind, name)
  }

  /** Tells Redis, in the background. */
  settle(): void {
    void this.#unconfirmed.settle()
  }

  close(): void {
    this.#unconfirmed.close()
  }
}
