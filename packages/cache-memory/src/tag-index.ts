import type { Entry } from './entry.js'

/** One name given to entries, until it is invalidated; after that the name belongs to another tag. */
export interface Tag {
  readonly name: string
  readonly entries: Set<Entry>
  invalidated: boolean
}

/**
 * Which entries carry which tag.
 *
 * Invalidating takes constant time whatever the number of entries: the tag is marked, and an entry
 * whose tag is marked is a miss from then on. The entries themselves are handed out a few at a time
 * to whoever gives back memory.
 */
export class TagIndex {
  readonly #tags = new Map<string, Tag>()
  /** What is left of each invalidated tag. Iterating it anew would pass all that was deleted. */
  readonly #invalidated: Iterator<Entry, undefined>[] = []

  /** The tags of these names, which the entry then carries. */
  attach(entry: Entry, names: readonly string[]): readonly Tag[] {
    return Array.from(new Set(names), (name) => {
      const tag = this.#tags.get(name) ?? { name, entries: new Set(), invalidated: false }
      this.#tags.set(name, tag)
      tag.entries.add(entry)
      return tag
    })
  }

  /** Must be called for the tags of every entry that leaves the cache or is overwritten. */
  detach(entry: Entry, tags: readonly Tag[]): void {
    for (const tag of tags) {
      tag.entries.delete(entry)
      if (tag.entries.size === 0 && !tag.invalidated) this.#tags.delete(tag.name)
    }
  }

  /** Whether an entry carries one of these names. */
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

  /** Hands out an entry that is a miss because of its tags, each once, if any is left. */
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

/** Whether an entry with these tags is a miss because of them. */
export function isInvalidated(tags: readonly Tag[]): boolean {
  for (const tag of tags) if (tag.invalidated) return true
  return false
}
