import type { Command } from '../resp/command.js'

/** Whether commands are answered at all, which `CLIENT REPLY` changes. */
export class ReplyMode {
  #on = true
  #skipsNext = false

  get on(): boolean {
    return this.#on
  }

  /**
   * To be told of every command that the server gets. Answers whether it will have a reply.
   *
   * @param context - `queued`: in a transaction, where a command changes nothing yet
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
    // Any other word is an error, and its reply is sent or not as that of any command.
    this.#on ||= mode === 'ON'
    return this.#on
  }
}
