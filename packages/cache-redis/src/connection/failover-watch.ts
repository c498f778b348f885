import { Redis } from 'ioredis'
import { connectionSettings, credentials } from './client-settings.js'
import { waitForTurnToConnect } from './connect-gate.js'
import { ReconnectDelay } from './reconnect-delay.js'
import type { RedisTarget } from './redis-url.js'
import { guardReplies } from './reply-guard.js'

const CHANNEL = '+switch-master'
/** A sentinel that is away matters little while another one is there. */
const RECONNECT_PERIOD_MS = 5_000

/**
 * Hears from the sentinels that another server has become the master. The master before may know
 * nothing of it and go on answering, cut off from the sentinels and the other servers.
 *
 * The client could do this itself (`failoverDetector`), but it tells stderr of each sentinel that is
 * away, keeps its connections to them for two seconds after it was closed, and ends for good when it
 * hears of a failover just as it connects.
 */
export class FailoverWatch {
  readonly #sentinels: readonly RedisTarget[]
  readonly #name: string
  readonly #patienceMs: number
  readonly #onSwitch: (host: string, port: number) => void
  #clients: Redis[] = []

  /** @param onSwitch - is told where the new master is, by each sentinel in turn */
  constructor(
    sentinels: readonly RedisTarget[],
    name: string,
    patienceMs: number,
    onSwitch: (host: string, port: number) => void,
  ) {
    this.#sentinels = sentinels
    this.#name = name
    this.#patienceMs = patienceMs
    this.#onSwitch = onSwitch
  }

  start(): void {
    if (this.#clients.length > 0) return
    this.#clients = this.#sentinels.map((sentinel) => this.#listenTo(sentinel))
  }

  stop(): void {
    for (const client of this.#clients.splice(0)) {
      client.disconnect()
      client.stream?.destroy()
    }
  }

  #listenTo({ host, port, tls, ...login }: RedisTarget): Redis {
    const delay = new ReconnectDelay(RECONNECT_PERIOD_MS)
    const client = new Redis({
      ...connectionSettings(this.#patienceMs, delay),
      ...credentials(this.#sentinels[0] ?? login),
      ...(tls && { tls }),
      host,
      port,
      autoResubscribe: false,
    })
    guardReplies(client)
    waitForTurnToConnect(client)
    client.on('error', delay.note)
    client.on('ready', () => void client.subscribe(CHANNEL).catch(() => undefined))
    client.on('message', (_channel, message) => this.#hear(message))
    client.connect().catch(() => undefined)
    return client
  }

  /** @param message - `name oldHost oldPort newHost newPort` */
  #hear(message: string): void {
    const [name, , , host, port] = message.split(' ')
    if (name === this.#name && host !== undefined) this.#onSwitch(host, Number(port))
  }
}
