import type { MemoryHolder, MemoryUse } from '@verbatim/cache-core'
import { areAmounts } from './amounts.js'

/** Caches that may be asked how much they hold; they are not kept alive by it. */
export class MemoryHolders {
  readonly #holders = new Set<WeakRef<MemoryHolder>>()
  readonly #failed: () => void

  /** @param failed - called when a cache fails to say how much it holds */
  constructor(failed: () => void) {
    this.#failed = failed
  }

  /** @returns whether the argument can be a cache; anything else is ignored */
  add(holder: MemoryHolder): boolean {
    if (typeof holder !== 'object' || holder === null) return false
    this.#holders.add(new WeakRef(holder))
    return true
  }

  /** What they all hold together; `undefined` when there are none. */
  use(): MemoryUse | undefined {
    let all: MemoryUse | undefined
    for (const reference of this.#holders) {
      const holder = reference.deref()
      const use = holder && this.#useOf(holder)
      if (holder === undefined) this.#holders.delete(reference)
      else if (use !== undefined) all = all === undefined ? use : sumOfUses(all, use)
    }
    return all
  }

  /** Returns `undefined` for a cache that fails; it is asked again next time. */
  #useOf(holder: MemoryHolder): MemoryUse | undefined {
    try {
      const { entries, maxEntries, bytes } = holder.memoryUse()
      if (areAmounts(entries, maxEntries, bytes)) return { entries, maxEntries, bytes }
    } catch {
      // Reported below, as a wrong figure is.
    }
    this.#failed()
    return undefined
  }
}

export function sumOfUses(one: MemoryUse, other: MemoryUse): MemoryUse {
  return {
    entries: one.entries + other.entries,
    maxEntries: one.maxEntries + other.maxEntries,
    bytes: one.bytes + other.bytes,
  }
}
