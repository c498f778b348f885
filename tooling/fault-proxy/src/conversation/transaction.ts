/** Knows whether the server queues the commands of a connection, between `MULTI` and `EXEC`. */
export class Transaction {
  #state: 'none' | 'open' | 'spoiled' = 'none'

  get open(): boolean {
    return this.#state !== 'none'
  }

  /** Whether a command of the transaction was answered with an error. */
  get spoiled(): boolean {
    return this.#state === 'spoiled'
  }

  /** Updates the state. Call it for every command that the server receives. */
  follow(name: string): void {
    if (name === 'MULTI' && this.#state === 'none') this.#state = 'open'
    else if (name === 'EXEC' || name === 'DISCARD' || name === 'RESET') this.#state = 'none'
  }

  spoil(): void {
    if (this.#state === 'open') this.#state = 'spoiled'
  }
}
