import { Queue } from '../network/queue.js'
import type { Hold } from '../rules/hold.js'

/** A reply that is due, in the order of the commands. */
export interface DueReply {
  readonly command: string
  readonly holds: readonly Hold[]
  /** Sent in place of what the server answers. */
  readonly instead?: Buffer
  /** The server never got the command: `instead` is all the answer there will be. */
  readonly withoutServer?: boolean
  /** For SUBSCRIBE and its like: how many channels it names, each of which is confirmed. */
  readonly channels?: number
}

/** Which command each reply answers. */
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

  /** Takes the server's reply to the first command that is still without one. */
  answer(message: Buffer): DueReply | undefined {
    const due = this.head
    this.#send(due?.instead ?? message, due?.holds ?? [])
    this.#next()
    return due
  }

  /** Takes one of the confirmations of the first command. */
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
