/** The meaning of an error reply for the server that sent it. Absent fields do not apply. */
export interface ReplyMeaning {
  /** The server is unavailable for now: calls fail at once until a check succeeds. */
  readonly marksUnhealthy?: boolean
  /** The connection must be replaced: it replies so while it lasts, and the next one may lead to another server. */
  readonly needsNewConnection?: boolean
  /** An attempt soon after that would fail too, and many attempts do harm. */
  readonly retrySlowly?: boolean
  /** A person must change something before it passes. */
  readonly alarm?: boolean
  /** The same command is refused again: the reply is about the key or the user, not the server. */
  readonly lasts?: boolean
  /** The server refuses writes for now, and permits reads. */
  readonly refusesWrites?: boolean
  /** Only other settings help, so callers need not wait for another attempt. */
  readonly needsOtherSettings?: boolean
}

/** The server has no database with that number. */
const OUT_OF_RANGE = 'DB_INDEX_OUT_OF_RANGE'

/**
 * The error replies that mean more than the refusal of one call. Any other error reply, known or not, shows
 * that the server works.
 */
const MEANINGS: ReadonlyMap<string, ReplyMeaning> = new Map<string, ReplyMeaning>([
  // The server replies so to every client, and soon will not.
  ['LOADING', { marksUnhealthy: true }],
  ['MASTERDOWN', { marksUnhealthy: true }],
  ['BUSY', { marksUnhealthy: true }],
  // A demoted master keeps its connections, and refuses every write on them.
  ['READONLY', { marksUnhealthy: true, needsNewConnection: true }],
  ['MAXCLIENTS', { marksUnhealthy: true, alarm: true }],
  // Passes soon while a password is changed: the server may get it before or after the client.
  ['NOAUTH', { marksUnhealthy: true, alarm: true }],
  ['WRONGPASS', { marksUnhealthy: true, retrySlowly: true, alarm: true }],
  ['DENIED', { marksUnhealthy: true, retrySlowly: true, alarm: true }],
  // One call is refused for its kind, its key or its size. Reads are permitted.
  ['OOM', { alarm: true, refusesWrites: true }],
  ['MISCONF', { alarm: true, refusesWrites: true }],
  ['NOREPLICAS', { alarm: true, refusesWrites: true }],
  ['NOPERM', { alarm: true, lasts: true }],
  ['WRONGTYPE', { alarm: true, lasts: true }],
  ['CROSSSLOT', { alarm: true, lasts: true }],
  [OUT_OF_RANGE, { lasts: true, needsOtherSettings: true }],
  // A client for a Cluster follows these. Any other client cannot reach most keys.
  ['MOVED', { alarm: true }],
  ['ASK', { alarm: true }],
  // These pass without help.
  ['TRYAGAIN', {}],
  ['CLUSTERDOWN', {}],
  ['NOSCRIPT', {}],
  ['EXECABORT', {}],
])

const ANY_OTHER: ReplyMeaning = { lasts: true }

/**
 * Returns what an error reply means.
 *
 * @param reply - as {@link replyOf} returns it, or with a command after it
 */
export function meaningOf(reply: string): ReplyMeaning {
  return MEANINGS.get(wordOf(reply)) ?? ANY_OTHER
}

/** Returns a reply without the command after it. */
export function wordOf(reply: string): string {
  const end = reply.indexOf(' ')
  return end === -1 ? reply : reply.slice(0, end)
}

export function isKnownReply(word: string): boolean {
  return MEANINGS.has(word)
}

/** Returns whether an error is a reply of Redis. */
export function isErrorReply(error: unknown): boolean {
  return error instanceof Error && error.name === 'ReplyError'
}

/**
 * Returns the first word of an error reply, such as `OOM`; the rest may quote keys and values. Some replies
 * that begin with `ERR` get a word of their own.
 */
export function replyOf({ message }: Error): string {
  if (!message.startsWith('ERR ')) return /^[A-Z]+\b/.exec(message)?.[0] ?? 'ERR'
  if (message.startsWith('ERR max number of clients')) return 'MAXCLIENTS'
  if (/^ERR (invalid DB index|DB index is out of range)/.test(message)) return OUT_OF_RANGE
  if (message.startsWith('ERR invalid password')) return 'WRONGPASS'
  if (FORBIDDEN_IN_SCRIPT.test(message)) return 'NOPERM'
  const unknown = UNKNOWN_COMMAND.exec(message)
  if (unknown === null) return 'ERR'
  const name = unknown[1]?.toUpperCase()
  return name === undefined ? 'UNKNOWN_COMMAND' : `UNKNOWN_COMMAND ${name}`
}

/** Matches the name of a command of this package, never an argument. */
const UNKNOWN_COMMAND = /^ERR unknown (?:sub)?command(?: ['`"]?([A-Za-z]{1,20})\b)?/i

/** The user of a script may not run a command of the script, or not with these keys. */
const FORBIDDEN_IN_SCRIPT = /^ERR (The user executing the script can't|ACL failure in script)/

/**
 * Returns what a user lacks the permission for: a command such as `CLIENT TRACKING`, `KEYS`, `CHANNELS`, or
 * `SCRIPT` for a command in a script.
 *
 * @returns `undefined` for any other reply, and where the server does not say
 */
export function forbiddenPart(error: Error): string | undefined {
  if (replyOf(error) !== 'NOPERM') return undefined
  const { message } = error
  // Matches the name of a command of this package, never an argument.
  const command = /'([a-z]{1,20}(?:\|[a-z-]{1,20})?)' command/i.exec(message)?.[1]
  if (command !== undefined) return command.toUpperCase().replace('|', ' ')
  if (!message.startsWith('NOPERM')) return 'SCRIPT'
  if (/\bkeys?\b/.test(message)) return 'KEYS'
  return /\bchannels?\b/.test(message) ? 'CHANNELS' : undefined
}

/** Returns whether the user may not run a command, or the server does not have it. */
export function isForbidden(error: unknown): boolean {
  if (!isErrorReply(error)) return false
  const reply = replyOf(error as Error)
  return reply === 'NOPERM' || reply.startsWith('UNKNOWN_COMMAND')
}

/** Returns whether Redis refuses writes for now, and permits reads. */
export function isRefusalOfWrites(error: unknown): error is Error {
  return isErrorReply(error) && meaningOf(replyOf(error as Error)).refusesWrites === true
}

/** Returns whether an error is the refusal that starts with these words. */
export function isRefusal(error: unknown, words: string): error is Error {
  return error instanceof Error && error.message.startsWith(words)
}
