/** The traffic of the proxy since its start. */
export class Counters {
  accepted = 0
  bytesUp = 0
  bytesDown = 0
  readonly #commands = new Map<string, number>()
  readonly #pushes = { passed: 0, dropped: 0 }

  get commands(): Record<string, number> {
    return Object.fromEntries(this.#commands)
  }

  get pushes(): { passed: number; dropped: number } {
    return { ...this.#pushes }
  }

  countCommand(name: string): void {
    this.#commands.set(name, (this.#commands.get(name) ?? 0) + 1)
  }

  countPush(dropped: boolean): void {
    this.#pushes[dropped ? 'dropped' : 'passed'] += 1
  }
}
