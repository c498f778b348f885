import type { AnswerOptions, CommandPattern, HoldOptions } from '../control.js'
import type { Command } from '../resp/command.js'
import { keysOf } from '../resp/keys.js'
import { Hold } from './hold.js'

type Matches = (command: Command) => boolean

interface HoldRule {
  readonly matches: Matches
  readonly hold: Hold
  /** Number of matching commands before the one that is held. */
  toPass: number
}

interface ErrorRule {
  readonly matches: Matches
  readonly reply: Buffer
  left: number
}

/** The rules that hold commands and replies, and answer commands with errors. */
export class CommandRules {
  readonly #onReached: (hold: number) => void
  readonly #holds = new Map<number, Hold>()
  #forReplies: HoldRule[] = []
  #forCommands: HoldRule[] = []
  #errors: ErrorRule[] = []

  constructor(onReached: (hold: number) => void) {
    this.#onReached = onReached
  }

  holdReply(options: HoldOptions & { readonly hold: number }): void {
    this.#forReplies.push(this.#holdRule(options))
  }

  holdCommand(options: HoldOptions & { readonly hold: number }): void {
    this.#forCommands.push(this.#holdRule(options))
  }

  answerWithError({ error, count = Number.POSITIVE_INFINITY, ...pattern }: AnswerOptions): void {
    const reply = Buffer.from(`-${error}\r\n`)
    this.#errors.push({ matches: matcher(pattern), reply, left: count })
  }

  /** Releases the commands and replies of a hold, and removes the hold. */
  release(id: number): void {
    this.#holds.get(id)?.release()
    this.#holds.delete(id)
  }

  heal(): void {
    this.#errors = []
    this.#forReplies = []
    this.#forCommands = []
    for (const id of [...this.#holds.keys()]) this.release(id)
  }

  /** Returns the error reply that replaces the reply of the server. */
  errorFor(command: Command): Buffer | undefined {
    const rule = this.#errors.find(({ matches }) => matches(command))
    if (rule === undefined) return undefined
    rule.left -= 1
    if (rule.left === 0) this.#errors = this.#errors.filter((other) => other !== rule)
    return rule.reply
  }

  holdsForReplyTo(command: Command): readonly Hold[] {
    const [due, rest] = split(this.#forReplies, command)
    this.#forReplies = rest
    return due
  }

  holdsFor(command: Command): readonly Hold[] {
    const [due, rest] = split(this.#forCommands, command)
    this.#forCommands = rest
    return due
  }

  #holdRule({ hold: id, nth = 1, ...pattern }: HoldOptions & { readonly hold: number }): HoldRule {
    const hold = new Hold(() => this.#onReached(id))
    this.#holds.set(id, hold)
    return { matches: matcher(pattern), hold, toPass: nth - 1 }
  }
}

const NOTHING: readonly Hold[] = []

/** Counts a command in every matching rule. Returns its holds and the remaining rules. */
function split(rules: HoldRule[], command: Command): [readonly Hold[], HoldRule[]] {
  if (rules.length === 0) return [NOTHING, rules]
  const due = rules.filter((rule) => rule.matches(command) && rule.toPass-- === 0)
  return [due.map(({ hold }) => hold), rules.filter((rule) => !due.includes(rule))]
}

function matcher({ command = '', key }: CommandPattern): Matches {
  const words = command.toUpperCase().split(' ').filter(Boolean)
  const keyBytes = key === undefined ? undefined : Buffer.from(key)
  return (candidate) =>
    words.every((word, index) => candidate.wordInCapitals(index) === word) &&
    (keyBytes === undefined || keysOf(candidate).some((other) => other.equals(keyBytes)))
}
