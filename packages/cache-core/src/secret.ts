import { invalidArgument } from './argument-errors.js'
import { recognizeCopies } from './copies.js'

const SHOWN = '[secret]'

/**
 * A text that must not be seen, such as a password. Whatever prints, joins, serialises or inspects
 * it does not see the text; only {@link Secret.reveal} gives it away.
 */
export class Secret {
  static {
    recognizeCopies(this, 'cache-core/Secret')
  }

  readonly #text: string

  /** @throws ValidationError (`INVALID_ARGUMENT`) unless it is a string. The error never shows it */
  constructor(text: string) {
    if (typeof text !== 'string') throw invalidArgument('text', 'a string', text)
    this.#text = text
  }

  /** The text itself. Call it where the text is used, and keep it nowhere. */
  reveal(): string {
    return this.#text
  }

  toString(): string {
    return SHOWN
  }

  toJSON(): string {
    return SHOWN
  }
}
