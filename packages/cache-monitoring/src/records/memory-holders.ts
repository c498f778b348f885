import type { MemoryHolder, MemoryUse } from '@verbatim/cache-core'

/** Caches that may be asked how much they hold; they are not kept alive by it. */
export class MemoryHolders {
  readonly #holders = new Set<WeakRef<MemoryHolder>>()

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
      const use = useOf(reference)
      if (use === undefined) this.#holders.delete(reference)
      else all = all === undefined ? use : sum(all, use)
    }
    return all
  }
}

/** One that fails is as good as gone: nobody is there to be told. */
function useOf(reference: WeakRef<MemoryHolder>): MemoryUse | undefined {
  try {
    return reference.deref()?.memoryUse()
  } catch {
    return undefined
  }
}

function sum(one: MemoryUse, other: MemoryUse): MemoryUse {
  return {
    entries: one.entries + other.entries,
    maxEntries: one.maxEntries + other.maxEntries,
    bytes: one.bytes + other.bytes,
  }
}
