import { isError } from '@verbatim/cache-core/implement'
import { Redis, type SentinelConnectionOptions } from 'ioredis'
import type { TlsOptions } from '../security/security-config.js'
import { hookMethod } from './client-hooks.js'
import {
  connectionSettings,
  credentials,
  listenToErrors,
  ReconnectDelay,
} from './client-settings.js'
import { waitForTurnToConnect } from './connect-gate.js'
import { usePasswordOf } from './current-password.js'
import type { SentinelLocation } from './location.js'
import { parseAddress, type RedisTarget } from './redis-url.js'
import { guardReplies } from './reply-guard.js'

/** Short, because a failover has already taken its time, and asking sentinels is cheap. */
const RECONNECT_PERIOD_MS = 400
const MIN_SENTINEL_TIMEOUT_MS = 500

/** Creates a client for the server that the sentinels call the master, without connecting it. */
export function createSentinelClient(location: SentinelLocation, patienceMs: number): Redis {
  const { name, sentinels, database, tls, tlsFor } = location
  const [first] = sentinels
  // The client allows more than an address.
  const natMap = (address: string): { host: string; port: number } & TlsOptions => {
    const server = parseAddress(address)
    return { ...server, ...tlsFor(server.host) }
  }
  const delay = new ReconnectDelay(RECONNECT_PERIOD_MS)
  const client = new Redis({
    ...connectionSettings(patienceMs, delay),
    ...credentials(location),
    name,
    role: 'master',
    db: database,
    sentinels: sentinels.map(({ host, port }) => ({ host, port })),
    ...sentinelCredentials(first),
    ...(first?.tls && { sentinelTLS: tlsFor(sharedHost(sentinels)) }),
    ...(tls && { enableTLSForSentinelMode: true, tls: tlsFor(''), natMap }),
    sentinelCommandTimeout: Math.max(MIN_SENTINEL_TIMEOUT_MS, patienceMs),
    // The client asks one sentinel after the other, and begins with another one at each connection. So the
    // first round may begin at the last sentinel. After a whole round the cache tries again itself, because
    // the client's pauses would outlive a closed cache.
    sentinelRetryStrategy: (round) => (round === 1 ? 0 : null),
  })
  const watch = new FailoverWatch(sentinels, name, patienceMs, (host, port) => {
    const { remoteAddress, remotePort } = client.stream ?? {}
    if (remoteAddress !== host || remotePort !== port) client.stream?.destroy()
  })
  reportSentinelErrors(client)
  client.on('connect', () => watch.start())
  client.on('close', () => watch.stop())
  usePasswordOf(client, location.currentPassword)
  waitForTurnToConnect(client)
  return listenToErrors(client, delay)
}

/**
 * Adds the last error of a sentinel to the error that no sentinel named the master. The client drops it, and with it
 * every reason why TLS failed.
 */
function reportSentinelErrors(client: Redis): void {
  // The client's types do not have its connector.
  const { connector } = client as unknown as { readonly connector: object }
  // A private method: in a release without it, the reason stays unknown.
  if (!('connectToSentinel' in connector)) return
  let sentinelError: unknown
  hookMethod(connector, 'connectToSentinel', (connect) => (...details) => {
    const sentinel = connect(...details) as Redis
    return sentinel.on('error', (error) => {
      sentinelError = error
    })
  })
  hookMethod(connector, 'connect', (connect) => async (...details) => {
    sentinelError = undefined
    try {
      return await connect(...details)
    } catch (error) {
      if (isError(error)) Object.assign(error, { sentinelError })
      throw error
    }
  })
}

function sentinelCredentials(
  sentinel: RedisTarget | undefined,
): Pick<SentinelConnectionOptions, 'sentinelUsername' | 'sentinelPassword'> {
  const { username, password } = credentials(sentinel ?? {})
  return {
    ...(username && { sentinelUsername: username }),
    ...(password && { sentinelPassword: password }),
  }
}

/** Returns the host of all sentinels. The client takes one TLS setting for them, so only a shared host fits. */
function sharedHost([first, ...others]: readonly RedisTarget[]): string {
  const host = first?.host ?? ''
  return others.every((other) => other.host === host) ? host : ''
}

const CHANNEL = '+switch-master'
/** Long, because one unavailable sentinel matters little while another one replies. */
const WATCH_RECONNECT_PERIOD_MS = 5_000

/**
 * Learns from the sentinels when another server becomes the master. The old master may not know it and go
 * on replying, when it is cut off from the sentinels and the other servers.
 *
 * The client's own `failoverDetector` has three faults: it prints unavailable sentinels to stderr, stays
 * connected to sentinels for two seconds after a close, and ends for good when a failover is announced while
 * it connects.
 */
export class FailoverWatch {
  readonly #sentinels: readonly RedisTarget[]
  readonly #name: string
  readonly #patienceMs: number
  readonly #onSwitch: (host: string, port: number) => void
  #clients: Redis[] = []

  /** @param onSwitch - receives the address of the new master, once from each sentinel */
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
    this.#clients = this.#sentinels.map((sentinel) => this.#watch(sentinel))
  }

  stop(): void {
    for (const client of this.#clients.splice(0)) {
      client.disconnect()
      client.stream?.destroy()
    }
  }

  #watch({ host, port, tls, ...login }: RedisTarget): Redis {
    const delay = new ReconnectDelay(WATCH_RECONNECT_PERIOD_MS)
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
    client.on('message', (_channel, message) => this.#receive(message))
    client.connect().catch(() => undefined)
    return client
  }

  /** @param message - `name oldHost oldPort newHost newPort` */
  #receive(message: string): void {
    const [name, , , host, port] = message.split(' ')
    if (name === this.#name && host !== undefined) this.#onSwitch(host, Number(port))
  }
}
