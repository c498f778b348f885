import type { Socket } from 'node:net'
import type { Counts, Orders } from '../control.js'
import { Corruption } from '../network/corruption.js'
import { NetworkFaults } from '../network/network-faults.js'
import { CommandRules } from '../rules/command-rules.js'
import { PushRules } from '../rules/push-rules.js'
import { Connection } from './connection.js'
import { Counters } from './counters.js'
import { Listener } from './listener.js'
import { SilentConnection } from './silent-connection.js'

/** Executes the requests of a test. */
export class Proxy implements Orders {
  readonly #targetPort: number
  readonly #faults = new NetworkFaults()
  readonly #commandRules: CommandRules
  readonly #pushRules = new PushRules()
  readonly #counters = new Counters()
  readonly #connections = new Set<Connection | SilentConnection>()
  readonly #listener = new Listener((client) => this.#accept(client))
  #repliesToNewConnections = true

  constructor(targetPort: number, onReached: (hold: number) => void) {
    this.#targetPort = targetPort
    this.#commandRules = new CommandRules(onReached)
  }

  /** Starts to listen. Returns the port. */
  async start(): Promise<number> {
    await this.#listener.openAny()
    return this.#listener.port
  }

  async pass(): Promise<void> {
    this.#faults.heal()
    this.#pushRules.heal()
    this.#commandRules.heal()
    this.#repliesToNewConnections = true
    for (const connection of this.#connections) connection.limitReplies(undefined)
    this.#notifyConnections()
    await this.#listener.open()
  }

  delay(options: Parameters<Orders['delay']>[0]): void {
    this.#faults.delay = options
    this.#notifyConnections()
  }

  limitBandwidth({ bytesPerSecond }: Parameters<Orders['limitBandwidth']>[0]): void {
    this.#faults.bytesPerSecond = bytesPerSecond
    this.#notifyConnections()
  }

  blackHole(options: Parameters<Orders['blackHole']>[0]): void {
    this.#faults.hole = options
    this.#notifyConnections()
  }

  acceptButNeverAnswer(): void {
    this.#repliesToNewConnections = false
  }

  refuse(): void {
    this.#listener.close()
  }

  cut(): void {
    for (const connection of this.#connections) connection.cut()
  }

  slice(options: Parameters<Orders['slice']>[0]): void {
    this.#faults.slices = options
    this.#notifyConnections()
  }

  corruptReplies(options: Parameters<Orders['corruptReplies']>[0]): void {
    this.#faults.corruption = new Corruption(options)
  }

  cutAfter({ bytes }: Parameters<Orders['cutAfter']>[0]): void {
    this.#faults.cutAfterBytes = bytes
    for (const connection of this.#connections) connection.limitReplies(bytes)
  }

  holdReply(options: Parameters<Orders['holdReply']>[0]): void {
    this.#commandRules.holdReply(options)
  }

  holdCommand(options: Parameters<Orders['holdCommand']>[0]): void {
    this.#commandRules.holdCommand(options)
  }

  release({ hold }: Parameters<Orders['release']>[0]): void {
    this.#commandRules.release(hold)
  }

  dropPushes(options: Parameters<Orders['dropPushes']>[0]): void {
    this.#pushRules.drop(options)
  }

  delayPushes(options: Parameters<Orders['delayPushes']>[0]): void {
    this.#pushRules.delay(options)
  }

  answerWithError(options: Parameters<Orders['answerWithError']>[0]): void {
    this.#commandRules.answerWithError(options)
  }

  counts(): Counts {
    const connections = [...this.#connections]
    return {
      connections: {
        accepted: this.#counters.accepted,
        open: connections.filter(({ isOpenToClient }) => isOpenToClient).length,
        toServer: connections.filter(({ isOpenToServer }) => isOpenToServer).length,
      },
      commands: this.#counters.commands,
      pushes: this.#counters.pushes,
      bytes: { up: this.#counters.bytesUp, down: this.#counters.bytesDown },
    }
  }

  #accept(client: Socket): void {
    this.#counters.accepted += 1
    const onClosed = (): unknown => this.#connections.delete(connection)
    const connection = this.#repliesToNewConnections
      ? new Connection(client, {
          targetPort: this.#targetPort,
          faults: this.#faults,
          commandRules: this.#commandRules,
          pushRules: this.#pushRules,
          counters: this.#counters,
          onClosed,
        })
      : new SilentConnection(client, onClosed)
    this.#connections.add(connection)
  }

  #notifyConnections(): void {
    for (const connection of this.#connections) connection.faultsChanged()
  }
}
