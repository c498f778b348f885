/** Something with an expiry that a queue can hold. */
export interface Expiring {
  /** When it dies, on the cache's clock, in milliseconds; `Infinity` for never. */
  expiresAt: number
  /** The time under which it waits in the queue; `Infinity` while it does not, {@link REMOVED} once
   * the cache no longer holds it. */
  queuedAt: number
}

/** Under this time an entry is never found in the queue again. */
export const REMOVED: number = Number.NEGATIVE_INFINITY

/**
 * Finds the entries that have expired without looking at those that have not: a binary heap ordered
 * by expiry.
 *
 * Entries change their life and leave the cache while they wait here. Rather than search the heap
 * at each such change, a place in it is judged when its turn comes: one whose entry was removed, or
 * has since been queued under another time, is dropped; an entry whose life was extended is queued
 * anew.
 */
export class ExpiryQueue<Entry extends Expiring> {
  // Two arrays instead of one of pairs: an entry then costs 16 bytes here.
  #times: number[] = []
  #entries: Entry[] = []

  /** Places taken, those of removed entries included. */
  get length(): number {
    return this.#times.length
  }

  /** A time before which nothing expires; `Infinity` when nothing ever will. */
  get nextAt(): number {
    return this.#times[0] ?? Number.POSITIVE_INFINITY
  }

  /** Must be called whenever an entry's expiry was set. Takes O(log n). */
  schedule(entry: Entry): void {
    // Waiting under an earlier time already: it will be looked at soon enough.
    if (entry.expiresAt >= entry.queuedAt) return
    entry.queuedAt = entry.expiresAt
    this.#push(entry.expiresAt, entry)
  }

  /** Takes out one entry that expired before `now`, or answers `undefined`. */
  takeExpired(now: number): Entry | undefined {
    for (;;) {
      const time = this.#times[0]
      if (time === undefined || time >= now) return undefined
      const entry = this.#pop()
      if (entry.queuedAt !== time) continue
      entry.queuedAt = Number.POSITIVE_INFINITY
      if (entry.expiresAt < now) return entry
      this.schedule(entry)
    }
  }

  /** Starts over with these entries. Takes O(n); for when most places are dead. */
  rebuild(entries: Iterable<Entry>): void {
    this.clear()
    for (const entry of entries) {
      entry.queuedAt = entry.expiresAt
      if (entry.expiresAt === Number.POSITIVE_INFINITY) continue
      this.#times.push(entry.expiresAt)
      this.#entries.push(entry)
    }
    for (let index = (this.length >> 1) - 1; index >= 0; index--) {
      this.#settle(index, this.#timeAt(index), this.#entries[index] as Entry)
    }
  }

  clear(): void {
    this.#times = []
    this.#entries = []
  }

  #push(time: number, entry: Entry): void {
    let index = this.#times.length
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (this.#timeAt(parent) <= time) break
      this.#move(parent, index)
      index = parent
    }
    this.#times[index] = time
    this.#entries[index] = entry
  }

  #pop(): Entry {
    const first = this.#entries[0] as Entry
    const time = this.#times.pop() as number
    const entry = this.#entries.pop() as Entry
    if (this.length > 0) this.#settle(0, time, entry)
    return first
  }

  /** Puts an entry into a free place or, past those that expire sooner, below it. */
  #settle(place: number, time: number, entry: Entry): void {
    let index = place
    for (;;) {
      let child = 2 * index + 1
      if (child >= this.length) break
      if (child + 1 < this.length && this.#timeAt(child + 1) < this.#timeAt(child)) child++
      if (this.#timeAt(child) >= time) break
      this.#move(child, index)
      index = child
    }
    this.#times[index] = time
    this.#entries[index] = entry
  }

  #timeAt(index: number): number {
    return this.#times[index] as number
  }

  #move(from: number, to: number): void {
    this.#times[to] = this.#timeAt(from)
    this.#entries[to] = this.#entries[from] as Entry
  }
}
