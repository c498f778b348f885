import type { MemoryHolder, MemoryUse } from '@verbatim/cache-core'

/** Caches that may be asked how much they hold; they are not kept alive by it. */
export class MemoryHolders {
  readonly #holders = new Set<WeakRef<MemoryHolder>>()

  add(holder: MemoryHolder): void {
    this.#holders.add(new WeakRef(holder))
  }

  /** What they all hold together; `undefined` when there are none. */
  use(): MemoryUse | undefined {
    let all: MemoryUse | undefined
    for (const reference of this.#holders) {
      const use = reference.deref()?.memoryUse()
      if (use === undefined) this.#holders.delete(reference)
      else all = all === undefined ? use : sum(all, use)
    }
    return all
  }
}

function sum(one: MemoryUse, other: MemoryUse): MemoryUse {
  return {
    entries: one.entries + other.entries,
    maxEntries: one.maxEntries + other.maxEntries,
    bytes: one.bytes + other.bytes,
  }
}
