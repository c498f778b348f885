import { DelayLine } from '../network/delay-line.js'
import type { Flowing } from '../network/flowing.js'
import type { Counters } from '../process/counters.js'
import { Command } from '../resp/command.js'
import { MessageReader } from '../resp/message-reader.js'
import type { CommandRules } from '../rules/command-rules.js'
import { Gate } from '../rules/gate.js'
import type { PushRules } from '../rules/push-rules.js'
import { ReplyMode } from './reply-mode.js'
import { ReplyQueue } from './reply-queue.js'
import { type Push, Subscriptions } from './subscriptions.js'
import { Transaction } from './transaction.js'

const SUBSCRIBING = new Set(
  ['', 'P', 'S'].flatMap((kind) => [`${kind}SUBSCRIBE`, `${kind}UNSUBSCRIBE`]),
)
/** Commands after which the server sends messages that are not replies. */
const STREAMING = new Set(['MONITOR', 'SYNC', 'PSYNC'])

const DISCARD = Buffer.from('*1\r\n$7\r\nDISCARD\r\n')
const ABORTED = Buffer.from('-EXECABORT Transaction discarded because of previous errors.\r\n')

export interface ConversationOptions {
  readonly commandRules: CommandRules
  readonly pushRules: PushRules
  readonly counters: Counters
  readonly toServer: (item: Flowing) => void
  readonly toClient: (item: Flowing) => void
}

/** Applies the faults to the commands and replies of one connection. */
export class Conversation {
  readonly #options: ConversationOptions
  readonly #commandReader = new MessageReader({ inline: true })
  readonly #replyReader = new MessageReader({ inline: false })
  readonly #toServer: Gate
  readonly #toClient: Gate
  readonly #latePushes: DelayLine<Buffer>
  readonly #replies = new ReplyQueue((reply, holds) => this.#toClient.push(reply, holds))
  readonly #replyMode = new ReplyMode()
  readonly #transaction = new Transaction()
  readonly #subscriptions = new Subscriptions()
  /** True if the bytes are not, or no longer, commands and replies. The proxy then only forwards them. */
  #raw = false

  constructor(options: ConversationOptions) {
    this.#options = options
    this.#toServer = new Gate(options.toServer)
    this.#toClient = new Gate(options.toClient)
    this.#latePushes = new DelayLine((push) => this.#toClient.push(push))
  }

  get bytesForServer(): number {
    return this.#toServer.queuedBytes
  }

  get bytesForClient(): number {
    return this.#toClient.queuedBytes
  }

  fromClient(item: Flowing): void {
    this.#take(item, this.#commandReader, this.#toServer, this.#onCommand)
  }

  fromServer(item: Flowing): void {
    this.#take(item, this.#replyReader, this.#toClient, this.#onReply)
  }

  rulesChanged(): void {
    if (!this.#options.pushRules.delaying) this.#latePushes.flush()
  }

  dispose(): void {
    this.#latePushes.clear()
  }

  #take(
    item: Flowing,
    reader: MessageReader,
    gate: Gate,
    onMessage: (bytes: Buffer) => void,
  ): void {
    if (typeof item === 'string') {
      pushRest(reader, gate)
      gate.push(item)
    } else if (this.#raw) gate.push(item)
    else {
      reader.feed(item, onMessage)
      if (reader.broken) this.#raw = true
      if (this.#raw) this.#stopReading()
    }
  }

  #stopReading(): void {
    pushRest(this.#commandReader, this.#toServer)
    pushRest(this.#replyReader, this.#toClient)
  }

  readonly #onCommand = (message: Buffer): void => {
    const command = Command.read(message)
    if (command === undefined) this.#toServer.push(message)
    else {
      this.#options.counters.countCommand(command.name)
      const error = this.#options.commandRules.errorFor(command)
      if (error === undefined) this.#passOn(command, message)
      else this.#refuse(command, error)
    }
  }

  #refuse(command: Command, error: Buffer): void {
    this.#transaction.spoil()
    if (!this.#replyMode.on) return
    this.#replies.push({ command: command.name, holds: [], instead: error, withoutServer: true })
  }

  #passOn(command: Command, message: Buffer): void {
    const { commandRules } = this.#options
    const { name } = command
    const aborts = name === 'EXEC' && this.#transaction.spoiled
    if (this.#replyMode.answers(command, { queued: this.#transaction.open })) {
      this.#replies.push({
        command: name,
        holds: commandRules.holdsForReplyTo(command),
        ...(aborts ? { instead: ABORTED } : {}),
        ...(SUBSCRIBING.has(name) ? { channels: command.words.length - 1 } : {}),
      })
    }
    this.#transaction.follow(name)
    this.#toServer.push(aborts ? DISCARD : message, commandRules.holdsFor(command))
    if (STREAMING.has(name)) this.#raw = true
  }

  readonly #onReply = (message: Buffer): void => {
    const { head } = this.#replies
    const push = this.#subscriptions.read(
      message,
      head === undefined || head.channels !== undefined,
    )
    if (push === undefined) this.#onAnswer(message)
    else if (push.confirms) this.#onConfirmation(message, push)
    else this.#onPush(message, push)
  }

  #onAnswer(message: Buffer): void {
    const answered = this.#replies.answer(message)?.command
    if (answered === 'RESET') this.#subscriptions.clear()
    if (answered === 'RESET' || answered === 'HELLO') this.#subscriptions.forgetProtocol()
  }

  #onConfirmation(message: Buffer, push: Push): void {
    const { head } = this.#replies
    if (head?.channels !== undefined && head.command === push.kind.toUpperCase()) {
      const { channels } = head
      this.#replies.confirm(message, () => this.#subscriptions.confirmationsOf(push.kind, channels))
    } else this.#toClient.push(message)
    this.#subscriptions.follow(push)
  }

  #onPush(message: Buffer, { channel }: Push): void {
    const { pushRules, counters } = this.#options
    const dropped = pushRules.drops(channel)
    counters.countPush(dropped)
    if (!dropped) this.#latePushes.push(message, pushRules.delayOf(channel))
  }
}

/** Forwards the bytes of an incomplete message. */
function pushRest(reader: MessageReader, gate: Gate): void {
  const rest = reader.takeRest()
  if (rest.length > 0) gate.push(rest)
}
