import type { InfrastructureError } from '@verbatim/cache-core'

/** A change under way that others may have to wait for. */
export class Change {
  /** Why Redis could not be told of it, if so. */
  trouble: InfrastructureError | undefined
  #isOver = false
  #waiting: (() => void)[] | undefined

  /** Resolves when it has come to its end, with the trouble there was. */
  async ended(): Promise<InfrastructureError | undefined> {
    if (!this.#isOver) {
      await new Promise<void>((resolve) => {
        this.#waiting ??= []
        this.#waiting.push(resolve)
      })
    }
    return this.trouble
  }

  end(): void {
    this.#isOver = true
    for (const resolve of this.#waiting ?? []) resolve()
  }
}

/**
 * What is under way for a key. Redis may refuse a conditional write, such as that of a loaded value,
 * so it never takes the place of a change that was asked for without condition.
 */
export type TicketKind = 'read' | 'write' | 'conditional write'

/** A read or write of one key that is under way. Hand it back to the fence when it ends. */
export class Ticket extends Change {
  readonly key: string
  readonly kind: TicketKind
  /** Set when something newer has overtaken it. */
  overtaken = false
  /** What overtook it, for a write that was overtaken by another change here. */
  overtaker: Change | undefined
  /** Set when word came from Redis that the key has changed, by this write or by another. */
  heardOf = false

  constructor(kind: TicketKind, key: string) {
    super()
    this.kind = kind
    this.key = key
  }
}

const NO_TICKETS: readonly Ticket[] = []

/**
 * Keeps what is under way for a key in order, so that nothing outdated is stored after something
 * newer, in either tier:
 *
 * - a read whose reply arrives after a write began must not bring its value into memory;
 * - nor one during which word came from Redis that the key has changed: the reply may be older;
 * - a write that took long to encode must not be sent after a later write or delete;
 * - nor may a conditional write be sent, or kept in memory, after a write that it may be older than.
 *
 * Only keys with something under way are remembered.
 */
export class KeyFence {
  /** One ticket, or several in the order in which they began: hardly any key has more than one. */
  readonly #tickets = new Map<string, Ticket | Set<Ticket>>()

  begin(kind: TicketKind, key: string): Ticket {
    const ticket = new Ticket(kind, key)
    const tickets = this.#tickets.get(key)
    if (tickets === undefined) this.#tickets.set(key, ticket)
    else if (tickets instanceof Ticket) this.#tickets.set(key, new Set([tickets, ticket]))
    else tickets.add(ticket)
    return ticket
  }

  /**
   * Overtakes what must not end up over a write that is about to be sent: all reads, and for a write
   * without condition also all conditional writes, and the writes that began before it.
   *
   * @returns false when a later write was sent already: then this one must not be, and its caller
   * is to be answered when that one has ended. Before that the key may still be in its old state.
   */
  claim(write: Ticket): boolean {
    if (write.overtaken) return false
    let isEarlier = true
    for (const ticket of this.#of(write.key)) {
      if (ticket === write) isEarlier = false
      else if (yieldsTo(ticket, write) || (isEarlier && !isConditional(write)))
        overtake(ticket, write)
    }
    return true
  }

  /**
   * Must be called for every ticket, whatever became of it. The end of a write overtakes all reads
   * once more, and conditional writes if it had no condition: one that began after the write was sent
   * may have seen either state.
   */
  end(ticket: Ticket): void {
    const tickets = this.#tickets.get(ticket.key)
    if (tickets === ticket) this.#tickets.delete(ticket.key)
    else if (tickets instanceof Set) {
      tickets.delete(ticket)
      if (tickets.size === 0) this.#tickets.delete(ticket.key)
    }
    if (ticket.kind === 'read') return
    for (const other of this.#of(ticket.key)) if (yieldsTo(other, ticket)) overtake(other, ticket)
    ticket.end()
  }

  /** Overtakes the reads of a key that Redis says has changed, and marks all that is under way for it. */
  hear(key: string): void {
    for (const ticket of this.#of(key)) {
      ticket.heardOf = true
      if (ticket.kind === 'read') ticket.overtaken = true
    }
  }

  /** Overtakes all that is under way for the keys that match: a change of them is about to be sent. */
  claimAll(matches: (key: string) => boolean, change: Change): void {
    for (const ticket of this.#matching(matches)) overtake(ticket, change)
  }

  /** Overtakes the reads under way for the keys that match. */
  overtakeReads(matches: (key: string) => boolean): void {
    for (const ticket of this.#matching(matches)) {
      if (ticket.kind === 'read') ticket.overtaken = true
    }
  }

  *#matching(matches: (key: string) => boolean): Iterable<Ticket> {
    for (const key of this.#tickets.keys()) if (matches(key)) yield* this.#of(key)
  }

  #of(key: string): Iterable<Ticket> {
    const tickets = this.#tickets.get(key)
    if (tickets === undefined) return NO_TICKETS
    return tickets instanceof Ticket ? [tickets] : tickets
  }
}

/** Whether a write overtakes a ticket, whichever of them began first. */
function yieldsTo(ticket: Ticket, write: Ticket): boolean {
  return ticket.kind === 'read' || (isConditional(ticket) && !isConditional(write))
}

function isConditional({ kind }: Ticket): boolean {
  return kind === 'conditional write'
}

function overtake(ticket: Ticket, change: Change): void {
  ticket.overtaken = true
  ticket.overtaker = change
}
