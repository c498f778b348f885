/** A read or write of one key that is under way. Hand it back to the fence when it ends. */
export interface Ticket {
  readonly key: string
  readonly kind: 'read' | 'write'
  /** Set when something newer has overtaken it. */
  overtaken: boolean
}

/**
 * Keeps what is under way for a key in order, so that nothing outdated is stored after something
 * newer, in either tier:
 *
 * - a read whose reply arrives after a write began must not bring its value into memory;
 * - a write that took long to encode must not be sent after a later write or delete.
 *
 * Only keys with something under way are remembered.
 */
export class KeyFence {
  /** In the order in which they began. */
  readonly #tickets = new Map<string, Set<Ticket>>()

  begin(kind: Ticket['kind'], key: string): Ticket {
    const ticket: Ticket = { key, kind, overtaken: false }
    const tickets = this.#tickets.get(key)
    if (tickets === undefined) this.#tickets.set(key, new Set([ticket]))
    else tickets.add(ticket)
    return ticket
  }

  /**
   * Says that a write is about to be sent; it overtakes what began before it, and all reads.
   *
   * @returns false when a later write was sent already: then this one must not be
   */
  claim(write: Ticket): boolean {
    if (write.overtaken) return false
    let isEarlier = true
    for (const ticket of this.#tickets.get(write.key) ?? []) {
      if (ticket === write) isEarlier = false
      else if (isEarlier || ticket.kind === 'read') ticket.overtaken = true
    }
    return true
  }

  /**
   * Must be called for every ticket, whatever became of it. The end of a write overtakes all reads
   * once more: one that began after it was sent may have seen either state.
   */
  end(ticket: Ticket): void {
    const tickets = this.#tickets.get(ticket.key)
    tickets?.delete(ticket)
    if (tickets?.size === 0) this.#tickets.delete(ticket.key)
    if (ticket.kind !== 'write') return
    for (const other of tickets ?? []) if (other.kind === 'read') other.overtaken = true
  }

  /** Overtakes what is under way for the keys that match; only the reads, if so told. */
  overtake(matches: (key: string) => boolean, kind?: 'read'): void {
    for (const [key, tickets] of this.#tickets) {
      if (!matches(key)) continue
      for (const ticket of tickets) {
        if (kind === undefined || ticket.kind === kind) ticket.overtaken = true
      }
    }
  }
}
