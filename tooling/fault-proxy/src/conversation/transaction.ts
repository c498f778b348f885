/** Whether the commands of a connection are being queued between `MULTI` and `EXEC`. */
export class Transaction {
  #state: 'none' | 'open' | 'spoiled' = 'none'

  get open(): boolean {
    return this.#state !== 'none'
  }

  /** True when a command that should have been queued was answered with an error. */
  get spoiled(): boolean {
    return this.#state === 'spoiled'
  }

  /** To be told of the name of every command that the server gets. */
  follow(name: string): void {
    if (name === 'MULTI' && this.#state === 'none') this.#state = 'open'
    else if (name === 'EXEC' || name === 'DISCARD' || name === 'RESET') this.#state = 'none'
  }

  spoil(): void {
    if (this.#state === 'open') this.#state = 'spoiled'
  }
}
