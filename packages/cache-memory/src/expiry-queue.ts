/** An object with an expiry time. */
export interface Expiring {
  /** Time of expiry on the clock of the cache, in milliseconds; `Infinity` for never. */
  expiresAt: number
  /** Time under which it is queued: `Infinity` when it is not queued, {@link REMOVED} after its removal. */
  queuedAt: number
}

/** An entry with this `queuedAt` is skipped in the queue. */
export const REMOVED: number = Number.NEGATIVE_INFINITY

/**
 * Finds the entries that have expired without visiting the others: a binary heap, ordered by expiry.
 *
 * An entry can get another expiry time or be removed while it is queued. The heap is not searched then.
 * Instead, each place is checked when its time has come. A place is ignored if its entry was removed or
 * queued again under another time. An entry with a later expiry is queued again.
 */
export class ExpiryQueue<Entry extends Expiring> {
  // Two arrays instead of an array of pairs, so that an entry takes 16 bytes.
  #times: number[] = []
  #entries: Entry[] = []

  /** Number of places, including those of removed entries. */
  get length(): number {
    return this.#times.length
  }

  /** No entry expires before this time; `Infinity` when no entry ever does. */
  get nextAt(): number {
    return this.#times[0] ?? Number.POSITIVE_INFINITY
  }

  /** Queues an entry in O(log n). Must be called whenever the expiry of an entry was set. */
  schedule(entry: Entry): void {
    // An entry that is queued under an earlier time will be checked soon enough.
    if (entry.expiresAt >= entry.queuedAt) return
    entry.queuedAt = entry.expiresAt
    this.#push(entry.expiresAt, entry)
  }

  /** Removes an entry that expired before `now` and returns it, or returns `undefined`. */
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

  /** Replaces the queue by these entries in O(n), for when most places belong to removed entries. */
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

  /** Puts an entry into a free place, or further down below the entries that expire sooner. */
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
