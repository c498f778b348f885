/** Stands before what is no key of a caller: under the prefix, yet never taken for one. */
const OURS = '\0'

/** Names in Redis. Everything that a cache touches stands under its prefix. */
export class Keyspace {
  readonly prefix: string
  readonly #tagPrefix: string

  constructor(prefix: string) {
    this.prefix = prefix
    // In a cluster the part in braces decides about the slot: one for all tags, so that one command
    // may name several. A prefix with braces of its own decides that already, for keys and tags.
    this.#tagPrefix = `${prefix}${OURS}{tags of ${prefix.replaceAll(/[{}]/g, '')}}`
  }

  /** The name of a caller's key in Redis. */
  nameOf(key: string): string {
    return key.startsWith(OURS) ? `${this.prefix}${OURS}${key}` : this.prefix + key
  }

  /** The caller's key that has this name; `undefined` for a name of ours, or somebody else's. */
  keyOf(name: string): string | undefined {
    if (!name.startsWith(this.prefix)) return undefined
    const key = name.slice(this.prefix.length)
    if (!key.startsWith(OURS)) return key
    return key.startsWith(OURS, 1) ? key.slice(1) : undefined
  }

  /** The name under which the version of a tag stands. */
  nameOfTag(tag: string): string {
    return this.#tagPrefix + tag
  }

  /** The tag whose version stands under this name, if it is such a name. */
  tagOf(name: string): string | undefined {
    return name.startsWith(this.#tagPrefix) ? name.slice(this.#tagPrefix.length) : undefined
  }
}
