import { leadingStrings } from './strings.js'

const LIST = 0x2a

/** A command of a client. */
export class Command {
  /** Name in capitals, such as `GET`. */
  readonly name: string
  readonly #message: Buffer
  #words: readonly Buffer[] | undefined

  private constructor(message: Buffer, first: Buffer, words?: readonly Buffer[]) {
    this.#message = message
    this.#words = words
    this.name = first.toString().toUpperCase()
  }

  /** Parses a command. Returns undefined for an empty line or list, which Redis ignores. */
  static read(message: Buffer): Command | undefined {
    if (message[0] === LIST) {
      const [first] = leadingStrings(message, 1)
      return first === undefined ? undefined : new Command(message, first)
    }
    const words = message
      .toString()
      .split(/\s+/)
      .filter(Boolean)
      .map((word) => Buffer.from(word))
    return words[0] === undefined ? undefined : new Command(message, words[0], words)
  }

  /** Name and arguments. */
  get words(): readonly Buffer[] {
    this.#words ??= leadingStrings(this.#message, Number.POSITIVE_INFINITY)
    return this.#words
  }

  /** Returns an argument in capitals, or an empty string. */
  wordInCapitals(index: number): string {
    return this.words[index]?.toString().toUpperCase() ?? ''
  }
}
