type CommandGroup = 'values' | 'server' | 'scripts' | 'tracking' | 'info' | 'cluster' | 'inspection'

/**
 * The commands that a cache sends, in the notation of access control lists: `client|id` is `CLIENT ID`. This is the
 * only list. `generateAcl`, `docs/security.md` and the tests of permissions use it.
 */
export const COMMANDS: Readonly<Record<CommandGroup, readonly string[]>> = {
  /** Reads and writes keys. */
  values: [
    ...['get', 'set', 'getrange', 'strlen', 'exists', 'pttl', 'pexpire', 'persist'],
    ...['unlink', 'mget', 'incr', 'scan'],
  ],
  /** Checks a server. */
  server: ['time', 'ping'],
  /** Makes changes at once; see `scripting` in the statistics. */
  scripts: ['eval', 'evalsha'],
  /** Receives invalidations for the memory tier. */
  tracking: ['client|id', 'client|tracking', 'subscribe'],
  /** Recognizes a restarted server. */
  info: ['info'],
  /** Finds the masters of a Cluster, and follows a slot that moves. */
  cluster: ['cluster|slots', 'asking'],
  /** Shows `validateSecurity` the permissions. */
  inspection: ['acl|whoami', 'acl|dryrun'],
}

/** The channel on which Redis sends invalidations. */
export const INVALIDATION_CHANNEL: string = '__redis__:invalidate'

/** A kind of user. */
export type AclRole = 'data' | 'invalidation' | 'migration'

/** The permissions of a role. */
export interface RolePermissions {
  /** Commands for every key under the prefix. */
  readonly commands: readonly string[]
  /** Further commands for the records about the prefix, which no caller names. */
  readonly recordCommands: readonly string[]
  readonly channels: readonly string[]
}

const { values, server, scripts, tracking, info, cluster, inspection } = COMMANDS
const EVERYWHERE = [...server, ...scripts, ...info, ...cluster, ...inspection]

export const ROLES: Readonly<Record<AclRole, RolePermissions>> = {
  data: {
    commands: [...values, ...EVERYWHERE, ...tracking],
    recordCommands: [],
    channels: [INVALIDATION_CHANNEL],
  },
  // A cache reads the head of each value and the versions of its tags before it deletes the value.
  invalidation: {
    commands: [
      ...['get', 'mget', 'getrange', 'strlen', 'exists', 'pttl', 'unlink', 'scan'],
      ...EVERYWHERE,
    ],
    recordCommands: ['set', 'incr', 'persist'],
    channels: [],
  },
  // DUMP and RESTORE copy keys as they are; the others serve a copy by a cache.
  migration: {
    commands: [
      ...values,
      ...EVERYWHERE,
      ...['eval_ro', 'dump', 'restore', 'del', 'pexpireat', 'pexpiretime', 'type'],
    ],
    recordCommands: [],
    channels: [],
  },
}
