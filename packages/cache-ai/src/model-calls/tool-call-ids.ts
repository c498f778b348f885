import { randomBytes } from 'node:crypto'

/** An id with fewer random characters gets longer, so that no two ids are equal. */
const SHORTEST_RANDOM = 9
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const HEXADECIMAL = '0123456789abcdef'

/** Gives the ids of a request or an answer new names, and the same name to each occurrence of an id. */
export class IdNames {
  readonly #names = new Map<string, string>()
  readonly #nameOf: (id: string, index: number) => string

  /** @param nameOf - returns the new name of an id that occurs for the first time */
  constructor(nameOf: (id: string, index: number) => string) {
    this.#nameOf = nameOf
  }

  rename(id: string): string {
    const known = this.#names.get(id)
    if (known !== undefined) return known
    const name = this.#nameOf(id, this.#names.size)
    this.#names.set(id, name)
    return name
  }
}

/** Returns names by the order of first appearance, for keys. */
export function idsByAppearance(prefix: string): IdNames {
  return new IdNames((_id, index) => `${prefix}_${index}`)
}

/** Returns new random names, for the replay of an answer. */
export function freshIds(): IdNames {
  return new IdNames(freshToolCallId)
}

/**
 * Returns a random id in the form of another id, because providers check the form: the same prefix, and random
 * characters in the place of the others.
 */
function freshToolCallId(id: string): string {
  const [, prefix = '', rest = ''] = /^(.*[_-])?(.*)$/s.exec(id) ?? []
  const alphabet = /^[\da-f]+$/.test(rest) && rest.length >= SHORTEST_RANDOM ? HEXADECIMAL : LETTERS
  const length = rest.length >= SHORTEST_RANDOM ? rest.length : 24
  let random = ''
  for (const byte of randomBytes(length)) random += alphabet[byte % alphabet.length]
  return `${prefix}${random}`
}
