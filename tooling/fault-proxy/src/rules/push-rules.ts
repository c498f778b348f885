import type { DelayPushOptions, DropPushOptions } from '../control.js'

export const INVALIDATIONS = '__redis__:invalidate'

interface DropRule {
  readonly channel: string
  left: number
}

/** The rules that drop and delay pushes. */
export class PushRules {
  #drops: DropRule[] = []
  #delays = new Map<string, number>()

  drop({ channel = INVALIDATIONS, count = Number.POSITIVE_INFINITY }: DropPushOptions): void {
    this.#drops.push({ channel, left: count })
  }

  delay({ channel = INVALIDATIONS, milliseconds }: DelayPushOptions): void {
    this.#delays.set(channel, milliseconds)
  }

  heal(): void {
    this.#drops = []
    this.#delays.clear()
  }

  get delaying(): boolean {
    return this.#delays.size > 0
  }

  /** Returns whether to drop a push, and counts a dropped push. */
  drops(channel: string): boolean {
    const rule = this.#drops.find((candidate) => candidate.channel === channel)
    if (rule === undefined) return false
    rule.left -= 1
    if (rule.left === 0) this.#drops = this.#drops.filter((other) => other !== rule)
    return true
  }

  delayOf(channel: string): number {
    return this.#delays.get(channel) ?? 0
  }
}
