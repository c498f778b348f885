/** A tag that entries have, until it is invalidated. After that, its name belongs to a new tag. */
export interface Tag<Entry> {
  readonly name: string
  readonly entries: Set<Entry>
  invalidated: boolean
}

/**
 * Finds the entries of a tag.
 *
 * Invalidating a tag takes constant time for any number of entries, because it only marks the tag. Reads
 * treat an entry with a marked tag as a miss. Its memory is freed later, a few entries at a time.
 */
export class TagIndex<Entry extends object> {
  readonly #tags = new Map<string, Tag<Entry>>()
  /** One iterator for each invalidated tag. A new iterator would visit all deleted places again. */
  readonly #invalidated: Iterator<Entry, undefined>[] = []

  /** Gives an entry the tags with these names, and returns the tags. */
  attach(entry: Entry, names: readonly string[]): readonly Tag<Entry>[] {
    return Array.from(new Set(names), (name) => {
      const tag = this.#tags.get(name) ?? { name, entries: new Set(), invalidated: false }
      this.#tags.set(name, tag)
      tag.entries.add(entry)
      return tag
    })
  }

  /** Takes the tags away from an entry. Must be called when an entry is removed or overwritten. */
  detach(entry: Entry, tags: readonly Tag<Entry>[]): void {
    for (const tag of tags) {
      tag.entries.delete(entry)
      if (tag.entries.size === 0 && !tag.invalidated) this.#tags.delete(tag.name)
    }
  }

  /** Returns whether any entry has one of these tags. */
  hasAnyTag(names: readonly string[]): boolean {
    return names.some((name) => this.#tags.has(name))
  }

  invalidate(names: readonly string[]): void {
    for (const name of names) {
      const tag = this.#tags.get(name)
      if (tag === undefined) continue
      tag.invalidated = true
      this.#tags.delete(name)
      this.#invalidated.push(tag.entries.values())
    }
  }

  /** Returns the next entry with an invalidated tag, each entry once, or `undefined` when none is left. */
  nextInvalidated(): Entry | undefined {
    for (;;) {
      const left = this.#invalidated.at(-1)
      if (left === undefined) return undefined
      const { value: entry } = left.next()
      if (entry !== undefined) return entry
      this.#invalidated.pop()
    }
  }
}

/** Returns whether one of these tags is invalidated. */
export function isInvalidated(tags: readonly Tag<unknown>[]): boolean {
  for (const tag of tags) if (tag.invalidated) return true
  return false
}
