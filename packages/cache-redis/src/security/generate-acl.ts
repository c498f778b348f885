import { createHash } from 'node:crypto'
import { ConfigurationError, escapeGlob, Secret } from '@verbatim/cache-core'
import { assertKnownFields, integerOption, invalidOption } from '@verbatim/cache-core/implement'
import { type AclRole, ROLES } from './permissions.js'

/** Options of {@link generateAcl}. */
export interface AclOptions {
  /** The prefix of the cache, without white space, which Redis does not accept in permissions. Default: `'cache:'`. */
  readonly keyPrefix?: string | undefined
  /** The number of the database. A user for another one than 0 may use all databases. Default: 0. */
  readonly database?: number | undefined
  /** The password of each user. Only its SHA-256 digest is in the result. Default: a text to replace. */
  readonly passwords?: Readonly<Partial<Record<AclRole, string | Secret>>> | undefined
}

/** A user of Redis with the permissions of one role. */
export interface AclUser {
  readonly role: AclRole
  /** The name of the user: the prefix and the role, such as `cache-data`. */
  readonly name: string
  /** The words after `ACL SETUSER <name>`, for a client. */
  readonly rules: readonly string[]
  /** The whole command, for `redis-cli`. */
  readonly line: string
}

const FIELDS: ReadonlySet<string> = new Set<keyof AclOptions>([
  'keyPrefix',
  'database',
  'passwords',
])
const ROLE_NAMES = Object.keys(ROLES) as readonly AclRole[]

/** Redis refuses this text, so that no user gets it as a password. */
const PASSWORD_TO_REPLACE = '#SHA256_OF_THE_PASSWORD'

/** Redis takes nulls and white space as the end of a permission. */
const PREFIX = /^[^\0\t-\r ]{1,128}$/

/**
 * Returns the users of a cache with no more permissions than they need. It needs Redis 7 or Valkey.
 *
 * - `data`: everything that a cache does.
 * - `invalidation`: lists, reads and deletes entries. It cannot store a value.
 * - `migration`: backups, restores and copies of the keys under the prefix.
 *
 * Each command begins with `reset`, so that it replaces what the user had before.
 *
 * @example
 * ```ts
 * for (const { name, rules } of generateAcl({ keyPrefix: 'app:', passwords: { data: 'secret' } })) {
 *   if (name === 'app-data') await admin.call('ACL', 'SETUSER', name, ...rules)
 * }
 * ```
 * @throws ConfigurationError (`INVALID_OPTION`) that names the option, and never shows a password
 */
export function generateAcl(options: AclOptions = {}): readonly AclUser[] {
  assertKnownFields(options, FIELDS, 'options', ConfigurationError, 'INVALID_OPTION')
  const keyPrefix = checkedPrefix(options.keyPrefix)
  const database = integerOption('database', options.database ?? 0, { min: 0, max: MAX_DATABASE })
  const passwords = checkedPasswords(options.passwords)
  return ROLE_NAMES.map((role) => {
    const name = `${keyPrefix.replace(/:$/, '')}-${role}`
    const rules = rulesOf(role, keyPrefix, database, passwords[role])
    const line = ['ACL', 'SETUSER', ...[name, ...rules].map(quoted)].join(' ')
    return { role, name, rules, line }
  })
}

const MAX_DATABASE = 2 ** 31 - 1

function rulesOf(
  role: AclRole,
  keyPrefix: string,
  database: number,
  password: string | Secret | undefined,
): string[] {
  const { commands, recordCommands, channels } = ROLES[role]
  const keys = `~${escapeGlob(keyPrefix)}`
  const allowed = (names: readonly string[]): string[] => names.map((command) => `+${command}`)
  return [
    ...['reset', 'on', password === undefined ? PASSWORD_TO_REPLACE : `#${digestOf(password)}`],
    ...[`${keys}*`, ...channels.map((channel) => `&${channel}`)],
    ...allowed(database === 0 ? commands : [...commands, 'select']),
    // The names of records have a null and a space, which permissions cannot contain.
    ...(recordCommands.length > 0
      ? [`(${keys}?{slot?* ${allowed(recordCommands).join(' ')})`]
      : []),
  ]
}

function digestOf(password: string | Secret): string {
  const text = password instanceof Secret ? password.reveal() : password
  return createHash('sha256').update(text).digest('hex')
}

function checkedPrefix(keyPrefix: unknown = 'cache:'): string {
  if (typeof keyPrefix === 'string' && PREFIX.test(keyPrefix)) return keyPrefix
  throw invalidOption('keyPrefix', 'a string of 1 to 128 characters without white space', keyPrefix)
}

function checkedPasswords(
  passwords: AclOptions['passwords'] = {},
): Readonly<Partial<Record<AclRole, string | Secret>>> {
  const known = new Set<string>(ROLE_NAMES)
  assertKnownFields(passwords, known, 'passwords', ConfigurationError, 'INVALID_OPTION')
  for (const [role, password] of Object.entries(passwords)) {
    const text: unknown = password instanceof Secret ? password.reveal() : password
    if (text === undefined || (typeof text === 'string' && text !== '')) continue
    const received = text === '' ? 'an empty string' : 'another type'
    throw invalidOption(`passwords.${role}`, 'a text or a Secret', undefined, { received })
  }
  return passwords
}

/** Quotes a word for `redis-cli` where it must. */
function quoted(word: string): string {
  if (!/[\s"'\\]/.test(word)) return word
  return `"${word.replaceAll(/["\\]/g, '\\$&')}"`
}
