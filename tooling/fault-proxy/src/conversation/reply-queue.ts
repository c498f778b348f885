import { Queue } from '../network/queue.js'
import type { Hold } from '../rules/hold.js'

/** An expected reply. Replies arrive in the order of the commands. */
export interface DueReply {
  readonly command: string
  readonly holds: readonly Hold[]
  /** Reply that replaces the reply of the server. */
  readonly instead?: Buffer
  /** Whether the server never receives the command, so that `instead` is the only reply. */
  readonly withoutServer?: boolean
  /** Number of channels of SUBSCRIBE and similar commands. The server confirms each channel. */
  readonly channels?: number
}

/** Matches replies to their commands. */
export class ReplyQueue {
  readonly #due = new Queue<DueReply>()
  readonly #send: (reply: Buffer, holds: readonly Hold[]) => void
  #confirmationsLeft: number | undefined

  constructor(send: (reply: Buffer, holds: readonly Hold[]) => void) {
    this.#send = send
  }

  get head(): DueReply | undefined {
    return this.#due.head
  }

  push(reply: DueReply): void {
    this.#due.push(reply)
    this.#answerWithoutServer()
  }

  /** Assigns a reply of the server to the first command without a reply. */
  answer(message: Buffer): DueReply | undefined {
    const due = this.head
    this.#send(due?.instead ?? message, due?.holds ?? [])
    this.#next()
    return due
  }

  /** Assigns a confirmation of a channel to the first command. */
  confirm(message: Buffer, confirmations: () => number): void {
    const holds = this.#confirmationsLeft === undefined ? this.head?.holds : undefined
    this.#confirmationsLeft ??= confirmations()
    this.#confirmationsLeft -= 1
    this.#send(message, holds ?? [])
    if (this.#confirmationsLeft === 0) this.#next()
  }

  #next(): void {
    this.#due.shift()
    this.#confirmationsLeft = undefined
    this.#answerWithoutServer()
  }

  #answerWithoutServer(): void {
    for (let due = this.head; due?.withoutServer === true; due = this.head) {
      this.#due.shift()
      if (due.instead !== undefined) this.#send(due.instead, due.holds)
    }
  }
}
