import { invalidArgument } from './argument-errors.js'
import { recognizeCopies } from './copies.js'
import { describeType } from './errors.js'

const SHOWN = '[secret]'

/**
 * Hides a text such as a password. Printing, joining, serializing and inspecting show `[secret]`. Only
 * {@link Secret.reveal} returns the text.
 */
export class Secret {
  static {
    recognizeCopies(this, 'cache-core/Secret')
  }

  readonly #text: string

  /** @throws ValidationError (`INVALID_ARGUMENT`) unless the text is a string. The error does not show it */
  constructor(text: string) {
    // A number may be a secret too, so the message has only the type.
    if (typeof text !== 'string') {
      throw invalidArgument('text', 'a string', text, { received: describeType(text) })
    }
    this.#text = text
  }

  /** Returns the text. Call it where the text is used, and store the result nowhere. */
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
