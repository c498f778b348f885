import type { Cluster, Redis } from 'ioredis'
import type { RedisClient } from '../connection/clients.js'
import { addressOf } from '../connection/cluster-slots.js'
import {
  CLIENT_CHANGED,
  CONNECTION_LOST,
  MALFORMED_REPLY,
} from '../connection/connection-errors.js'

/** Settings that a message about a failure mentions. */
export interface FailureDetails {
  /** The time limit of a command, in milliseconds. */
  readonly commandTimeoutMs: number
  readonly database: number
  /** The prefix of every key in Redis. */
  readonly keyPrefix: string
  /** Whether the connection uses TLS. */
  readonly tls: boolean
}

/** Returns the fault, to follow "Redis at …", and advice. */
type Description = (
  code: string,
  details: FailureDetails,
) => readonly [fault: string, advice: string]

/** The commands on keys that a user needs, in scripts and alone. `docs/security.md` lists them too. */
const COMMANDS_OF_SCRIPTS =
  'GET, SET, GETRANGE, STRLEN, EXISTS, PTTL, PEXPIRE, PERSIST, UNLINK, MGET, INCR and TIME'

const notFound: Description = () => [
  'cannot be found because its host name does not resolve',
  'check the name of the host',
]
const unreachable: Description = (_code, { commandTimeoutMs, tls }) => [
  'cannot be reached',
  `check the host, the port${tls ? ', firewalls and whether Redis speaks TLS there' : ' and firewalls'}; ` +
    `if Redis is far away, raise commandTimeout (${commandTimeoutMs} ms)`,
]
const closed: Description = (_code, { tls }) => [
  'closed the connection',
  `check that Redis runs there${tls ? ' and speaks TLS' : ', and use rediss:// if it expects TLS'}`,
]
const untrusted: Description = () => [
  'has a certificate that this process does not trust',
  'check the name in the certificate and its dates, and name its authority in securityConfig.tlsCaPath or ' +
    'NODE_EXTRA_CA_CERTS',
]
const refusesCertificate: Description = () => [
  'does not accept the certificate of this client',
  'set securityConfig.tlsCertPath and tlsKeyPath to a certificate of an authority that Redis trusts',
]
const notTls: Description = () => [
  'does not speak TLS as this process does',
  'use redis:// for a server without TLS, and check the port',
]
const notRedis: Description = () => [
  'sent a reply that Redis never sends',
  'check that the port is that of Redis, and any proxy in between',
]

const BY_CODE: Readonly<Record<string, Description>> = {
  ENOTFOUND: notFound,
  EAI_AGAIN: notFound,
  ECONNREFUSED: () => [
    'refuses connections because nothing listens on that port',
    'check the host and the port, and that Redis runs',
  ],
  ECONNRESET: closed,
  EPIPE: closed,
  [CONNECTION_LOST]: closed,
  NO_ANSWER: unreachable,
  ETIMEDOUT: unreachable,
  EHOSTUNREACH: unreachable,
  ENETUNREACH: unreachable,
  BACKEND_TIMEOUT: (_code, { commandTimeoutMs }) => [
    `did not answer within commandTimeout (${commandTimeoutMs} ms)`,
    'if Redis is far away or busy, raise commandTimeout above the time of a few round trips',
  ],
  WRONGPASS: () => [
    'rejects the login because the user or the password is wrong',
    'check both, and percent-encode special characters in a URL',
  ],
  PASSWORD_UNAVAILABLE: () => [
    'was not asked because the function for the password failed or took too long',
    'see its own log',
  ],
  NOAUTH: () => [
    'asks for a password, and none was given',
    'put user and password into redisUrl, or log the client in',
  ],
  DENIED: () => [
    'is in protected mode and takes no connections from other machines',
    'set a password there, or bind it to an address',
  ],
  DB_INDEX_OUT_OF_RANGE: (_code, { database }) => [
    `has no database ${database}`,
    'use a number below its setting "databases", which is 16 by default',
  ],
  LOADING: () => ['is loading its data', 'wait until it has started'],
  BUSY: () => ['is busy with a script of a client', 'see SCRIPT KILL and FUNCTION KILL'],
  MASTERDOWN: () => ['is a replica without a master', 'connect to the master'],
  READONLY: () => ['is a replica, which refuses writes', 'connect to the master'],
  MAXCLIENTS: () => ['has as many clients as it may have', 'raise its setting "maxclients"'],
  OOM: () => [
    'is out of memory and refuses writes',
    'raise its setting "maxmemory", or set an eviction policy',
  ],
  MISCONF: () => ['cannot save its data and refuses writes', 'see its log and its disk'],
  NOREPLICAS: () => ['has too few replicas and refuses writes', 'see "min-replicas-to-write"'],
  MOVED: () => ['is a node of a Redis Cluster', 'use the option cluster instead of redisUrl'],
  CROSSSLOT: () => ['is a Redis Cluster', 'use the option cluster instead of redisUrl'],
  CLUSTERDOWN: () => ['is a Cluster that is down', 'see CLUSTER INFO'],
  NO_MASTER: () => [
    'is not known to any sentinel that answers',
    'check the name of the master and the addresses of the sentinels',
  ],
  NOPERM: () => ['does not permit a command to this user', 'see ACL LOG for which'],
  'NOPERM SCRIPT': () => [
    'does not permit this user a command that a script of the cache runs',
    `grant its user ${COMMANDS_OF_SCRIPTS}`,
  ],
  'NOPERM KEYS': (_code, { keyPrefix }) => [
    'does not permit this user the keys of the cache',
    `grant its user the key pattern ${keyPrefix}*`,
  ],
  'NOPERM CHANNELS': () => [
    'does not permit this user the channel of client tracking',
    'grant its user the channel &__redis__:invalidate',
  ],
  [CLIENT_CHANGED]: () => [
    'cannot be used through this client because its owner has switched it to another database',
    'give the cache a client of its own',
  ],
  [MALFORMED_REPLY]: notRedis,
  ParserError: notRedis,
  EPROTO: notTls,
}

const DESCRIPTIONS: ReadonlyMap<string, Description> = new Map(Object.entries(BY_CODE))

/** Families of codes, by a pattern. */
const FAMILIES: readonly (readonly [RegExp, Description])[] = [
  [/^NOPERM (.+)$/, (code) => forbidden(code.slice('NOPERM '.length))],
  [
    /^NO_MASTER (.+)$/,
    (code, details) => {
      const cause = code.slice('NO_MASTER '.length)
      const [fault, advice] = descriptionOf(cause)(cause, details)
      return [`cannot be found: the last sentinel ${fault}`, advice]
    },
  ],
  [
    /^UNKNOWN_COMMAND/,
    (code) => [
      `does not know the command ${code.slice('UNKNOWN_COMMAND '.length)}`.trimEnd(),
      'the cache needs Redis 6.2 or newer, or Valkey, and no command renamed',
    ],
  ],
  [
    /^ERR_SSL_.*(CERTIFICATE_REQUIRED|UNKNOWN_CA|ALERT_.*CERTIFICATE|HANDSHAKE_FAILURE)/,
    refusesCertificate,
  ],
  [/^ERR_SSL/, notTls],
  [/CERT|^UNABLE_TO_|^ERR_TLS/, untrusted],
]

/**
 * Composes a sentence about why Redis is unavailable: the fault in words, its code, and advice.
 *
 * @param advice - replaces the usual advice for this failure
 */
export function describeFailure(
  place: string,
  code: string | undefined,
  details: FailureDetails,
  advice?: string,
): string {
  if (code === undefined) return describeFailure(place, 'NO_ANSWER', details, advice)
  const [fault, usualAdvice] = descriptionOf(code)(code, details)
  return `${place} ${fault} (${code}): ${advice ?? usualAdvice}.`
}

function descriptionOf(code: string): Description {
  return DESCRIPTIONS.get(code) ?? FAMILIES.find(([pattern]) => pattern.test(code))?.[1] ?? anyOther
}

function forbidden(command: string): readonly [string, string] {
  return [
    `does not permit this user the command ${command}`,
    `grant it (ACL SETUSER <user> +${command.toLowerCase().replace(' ', '|')}); docs/security.md of ` +
      '@verbatim/cache-redis lists what a cache needs',
  ]
}

const anyOther: Description = () => ['is unavailable', 'see the log of Redis']

/** The most addresses in a message. */
const MAX_SHOWN = 3

/** Returns the name of Redis in messages: hosts and ports, never users or passwords. */
export function placeOf(client: RedisClient): string {
  if (client.isCluster) return `Redis Cluster at ${listed(startupAddresses(client as Cluster))}`
  const { sentinels, name, path } = (client as Redis).options
  if (sentinels) {
    const addresses = sentinels.map(({ host, port }) => addressText(host, port ?? 26_379))
    return `Redis (master ${JSON.stringify(name)} of the sentinels at ${listed(addresses)})`
  }
  return `Redis at ${path ?? serverAddress(client as Redis)}`
}

/** Returns the name of one master of a Cluster in messages. */
export function placeOfMaster(master: Redis): string {
  return `Redis at ${addressOf(master)}, a master of the Cluster,`
}

function serverAddress({ options: { host, port } }: Redis): string {
  return addressText(host, port ?? 6_379)
}

/** Returns the addresses that a client for a Cluster was created with. They may be URLs with a password. */
function startupAddresses(cluster: Cluster): string[] {
  const { startupNodes } = cluster as unknown as { startupNodes?: readonly unknown[] }
  return (startupNodes ?? []).map((node) => {
    if (typeof node === 'number') return addressText(undefined, node)
    if (typeof node === 'string') return hostIn(node)
    const { host, port } = Object(node) as { host?: string; port?: number }
    return addressText(host, port ?? 6_379)
  })
}

function hostIn(text: string): string {
  const url = text.includes('://') ? text : `redis://${text}`
  return URL.canParse(url) ? new URL(url).host : 'an unreadable address'
}

function addressText(host = 'localhost', port: number | string): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

function listed(addresses: readonly string[]): string {
  const shown = addresses.slice(0, MAX_SHOWN).join(', ')
  return addresses.length > MAX_SHOWN ? `${shown}, …` : shown
}

/** Returns whether the connections of a client use TLS. */
export function usesTls(client: RedisClient): boolean {
  const { tls } = client.isCluster
    ? ((client as Cluster).options.redisOptions ?? {})
    : (client as Redis).options
  return tls !== undefined
}
