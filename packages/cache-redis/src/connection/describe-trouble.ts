import { CLIENT_CHANGED, CONNECTION_LOST, MALFORMED_REPLY } from './connection-errors.js'

/** What a message about a failure mentions besides its code. */
export interface TroubleDetails {
  /** The limit of one command, in milliseconds. */
  readonly commandTimeoutMs: number
  readonly database: number
  /** What stands before every key in Redis. */
  readonly keyPrefix: string
  /** Whether the connection uses TLS. */
  readonly tls: boolean
}

/** Returns what is wrong, to stand after "Redis at …", and what to do about it. */
type Description = (
  code: string,
  details: TroubleDetails,
) => readonly [fault: string, advice: string]

/** The commands that scripts and functions of this package run. */
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
  'check the name in the certificate and its dates, and name its authority in NODE_EXTRA_CA_CERTS',
]
const notTls: Description = () => [
  'does not speak TLS as this process does',
  'use redis:// for a server without TLS, and check the port',
]
const notRedis: Description = () => [
  'sent what no Redis sends',
  'check that the port is that of Redis, and what stands in between',
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
  BUSY: () => ['is busy with a script of somebody', 'see SCRIPT KILL and FUNCTION KILL'],
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

/** Codes of which there are many, by what they begin with or contain. */
const FAMILIES: readonly (readonly [RegExp, Description])[] = [
  [/^NOPERM (.+)$/, (code) => forbidden(code.slice('NOPERM '.length))],
  [
    /^UNKNOWN_COMMAND/,
    (code) => [
      `does not know the command ${code.slice('UNKNOWN_COMMAND '.length)}`.trimEnd(),
      'the cache needs Redis 6.2 or newer, or Valkey, and no command renamed',
    ],
  ],
  [/^ERR_SSL/, notTls],
  [/CERT|^UNABLE_TO_|^ERR_TLS/, untrusted],
]

/**
 * Composes a sentence about why Redis cannot be used: what, in words and as a code, and what to do.
 *
 * @param advice - what to do. Default: what helps against this failure
 */
export function describeTrouble(
  place: string,
  code: string | undefined,
  details: TroubleDetails,
  advice?: string,
): string {
  if (code === undefined) return describeTrouble(place, 'NO_ANSWER', details, advice)
  const describe =
    DESCRIPTIONS.get(code) ?? FAMILIES.find(([pattern]) => pattern.test(code))?.[1] ?? anyOther
  const [fault, usualAdvice] = describe(code, details)
  return `${place} ${fault} (${code}): ${advice ?? usualAdvice}.`
}

function forbidden(command: string): readonly [string, string] {
  return [
    `does not permit this user the command ${command}`,
    `grant it (ACL SETUSER <user> +${command.toLowerCase().replace(' ', '|')}); the README of ` +
      '@verbatim/cache-redis lists what a cache needs',
  ]
}

const anyOther: Description = () => ['cannot be used', 'see the log of Redis']
