import type { Command } from '../resp/command.js'

/** Knows whether commands get replies. `CLIENT REPLY` changes this. */
export class ReplyMode {
  #on = true
  #skipsNext = false

  get on(): boolean {
    return this.#on
  }

  /**
   * Returns whether a command will get a reply. Call it for every command that the server receives.
   *
   * @param context - `queued`: whether the command is in a transaction, where it changes nothing yet
   */
  answers(command: Command, context: { readonly queued: boolean }): boolean {
    const skipped = this.#skipsNext
    this.#skipsNext = false
    if (command.name === 'RESET') {
      this.#on = true
      return true
    }
    const changes = command.name === 'CLIENT' && command.wordInCapitals(1) === 'REPLY'
    if (changes && !context.queued) {
      return this.#change(command.wordInCapitals(2))
    }
    return this.#on && !skipped
  }

  #change(mode: string): boolean {
    if (mode === 'SKIP') {
      this.#skipsNext = true
      return false
    }
    if (mode === 'OFF') {
      this.#on = false
      return false
    }
    // Any other argument is an error. Its reply follows the current mode.
    this.#on ||= mode === 'ON'
    return this.#on
  }
}
