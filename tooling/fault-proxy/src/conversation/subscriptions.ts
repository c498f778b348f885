import { leadingStrings } from '../resp/strings.js'
import { INVALIDATIONS } from '../rules/push-rules.js'

const LIST = 0x2a
const PUSH = 0x3e

const CONFIRMATION = /^([ps]?)(un)?subscribe$/
const MESSAGE = /^[ps]?message$/

/** A message of the server that is not a plain reply to a command. */
export interface Push {
  /** Type of the message in Redis: `message`, `subscribe`, `invalidate`. */
  readonly kind: string
  readonly channel: string
  /** Whether the message is the reply to SUBSCRIBE or a similar command. */
  readonly confirms: boolean
}

/** Knows the subscriptions of a connection, and recognizes pushes by them. */
export class Subscriptions {
  readonly #channels = { '': new Set<string>(), p: new Set<string>(), s: new Set<string>() }
  #resp3 = false

  /**
   * Returns the push in a message.
   *
   * @param expected - the kind of reply that the connection expects next
   */
  read(message: Buffer, expected: boolean): Push | undefined {
    if (message[0] === PUSH) {
      this.#resp3 = true
      return readPush(message)
    }
    // Only pushes of RESP2 look like replies, and only if no such reply is expected.
    if (message[0] !== LIST || this.#resp3) return undefined
    if (!expected && this.#count() === 0) return undefined
    const push = readPush(message)
    return push.confirms || MESSAGE.test(push.kind) ? push : undefined
  }

  /** Returns the number of confirmations of a command with this number of channels. */
  confirmationsOf(command: string, channels: number): number {
    return Math.max(1, channels > 0 ? channels : this.#setOf(command.toLowerCase()).size)
  }

  follow({ kind, channel }: Push): void {
    if (kind.includes('unsubscribe')) this.#setOf(kind).delete(channel)
    else this.#setOf(kind).add(channel)
  }

  /** Resets the state after RESET, or after HELLO, which can change the protocol. */
  forgetProtocol(): void {
    this.#resp3 = false
  }

  clear(): void {
    for (const channels of Object.values(this.#channels)) channels.clear()
  }

  #count(): number {
    return this.#channels[''].size + this.#channels.p.size + this.#channels.s.size
  }

  #setOf(kind: string): Set<string> {
    return this.#channels[(CONFIRMATION.exec(kind)?.[1] ?? '') as '' | 'p' | 's']
  }
}

function readPush(message: Buffer): Push {
  const [kind = '', first = ''] = leadingStrings(message, 2).map(String)
  return { kind, channel: channelOf(message, kind, first), confirms: CONFIRMATION.test(kind) }
}

function channelOf(message: Buffer, kind: string, first: string): string {
  if (kind === 'invalidate') return INVALIDATIONS
  // The pattern precedes the channel.
  return kind === 'pmessage' ? String(leadingStrings(message, 3)[2]) : first
}
