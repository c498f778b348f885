/** The label of every name beyond the limit, and of a text that does not look like a name. */
export const OTHER = 'other'

/** Letters, digits and a few signs, as in `summarize`, `gpt-4.1` and `org/model:tag`. No sentence. */
const NAME = /^[\w.:/@+-]{1,64}$/

/** Turns names that come from an application into labels, of which there is a bounded number. */
export class BoundedNames {
  readonly #limit: number
  readonly #names = new Set<string>()

  /** @param limit - how many different names are told apart */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** Returns the name itself, or {@link OTHER}. */
  labelOf(name: unknown): string {
    if (typeof name !== 'string') return OTHER
    if (this.#names.has(name)) return name
    if (this.#names.size >= this.#limit || !NAME.test(name)) return OTHER
    const label = copied(name)
    this.#names.add(label)
    return label
  }
}

/** Returns a text of its own memory: V8 lets a part of a text keep the whole text alive. */
export function copied(text: string): string {
  return Buffer.from(text, 'utf16le').toString('utf16le')
}
