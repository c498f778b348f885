/** What an error reply says about the server that sent it. What is left out does not apply. */
export interface ReplyMeaning {
  /** It is no use to anybody for now: calls fail at once until a check of it succeeds. */
  readonly endsTrust?: boolean
  /** It will say so for as long as this connection lasts; the next one may lead elsewhere. */
  readonly needsNewConnection?: boolean
  /** Asking again soon is in vain, and asking often does harm. */
  readonly retrySlowly?: boolean
  /** It does not pass by itself: somebody has to do something. */
  readonly alarm?: boolean
  /** It is about the key or the user, not about the server: the same command is refused again. */
  readonly lasts?: boolean
}

/**
 * Every error reply that means more than that one call was refused. Others, also those unknown to
 * us, are an answer like any other: the server works.
 */
const MEANINGS: ReadonlyMap<string, ReplyMeaning> = new Map<string, ReplyMeaning>([
  // The server answers everybody so, and soon no longer will.
  ['LOADING', { endsTrust: true }],
  ['MASTERDOWN', { endsTrust: true }],
  ['BUSY', { endsTrust: true }],
  // A master that was demoted keeps its connections, and refuses every write on them.
  ['READONLY', { endsTrust: true, needsNewConnection: true }],
  ['MAXCLIENTS', { endsTrust: true, alarm: true }],
  // Passes soon while a password is changed: the new one comes before or after its user.
  ['NOAUTH', { endsTrust: true, alarm: true }],
  ['WRONGPASS', { endsTrust: true, retrySlowly: true, alarm: true }],
  ['DENIED', { endsTrust: true, retrySlowly: true, alarm: true }],
  // One call is refused, for its sort, its key or its size; reads go on.
  ['OOM', { alarm: true }],
  ['MISCONF', { alarm: true }],
  ['NOREPLICAS', { alarm: true }],
  ['NOPERM', { alarm: true, lasts: true }],
  ['WRONGTYPE', { alarm: true, lasts: true }],
  ['CROSSSLOT', { alarm: true, lasts: true }],
  // A client for a Cluster follows these; from any other client most keys are out of reach.
  ['MOVED', { alarm: true }],
  ['ASK', { alarm: true }],
  // Pass by themselves.
  ['TRYAGAIN', {}],
  ['CLUSTERDOWN', {}],
  ['NOSCRIPT', {}],
  ['EXECABORT', {}],
])

const ANY_OTHER: ReplyMeaning = { lasts: true }

/** @param reply - as {@link replyOf} returns it, or with the command after it */
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

/** True for what Redis itself answered. */
export function isErrorReply(error: unknown): boolean {
  return error instanceof Error && error.name === 'ReplyError'
}

/**
 * Returns the first word of an error reply, such as `OOM`: what follows may quote keys and values.
 * Replies that all begin with `ERR` are told apart where that helps.
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

/** The server has no database of that number. */
const OUT_OF_RANGE = 'DB_INDEX_OUT_OF_RANGE'

/** The name is that of a command of this package, never an argument. */
const UNKNOWN_COMMAND = /^ERR unknown (?:sub)?command(?: ['`"]?([A-Za-z]{1,20})\b)?/i

/** A script may not run a command that its user may not run. */
const FORBIDDEN_IN_SCRIPT = /^ERR (The user executing the script can't run|ACL failure in script)/

/**
 * Returns what a refusal for lack of permission is about, such as `GET` or `CLIENT TRACKING`, `KEYS`,
 * `CHANNELS`, or `SCRIPT` for a command that a script has run.
 *
 * @returns `undefined` for any other reply, and where the server does not say
 */
export function forbiddenPart(error: Error): string | undefined {
  if (replyOf(error) !== 'NOPERM') return undefined
  const { message } = error
  // The name is that of a command of this package, never an argument.
  const command = /'([a-z]{1,20}(?:\|[a-z-]{1,20})?)' command/i.exec(message)?.[1]
  if (command !== undefined) return command.toUpperCase().replace('|', ' ')
  if (!message.startsWith('NOPERM')) return 'SCRIPT'
  if (/\bkeys?\b/.test(message)) return 'KEYS'
  return /\bchannels?\b/.test(message) ? 'CHANNELS' : undefined
}

/** Whether the user may not run a command, or the server does not have it. */
export function isForbidden(error: unknown): boolean {
  if (!isErrorReply(error)) return false
  const reply = replyOf(error as Error)
  return reply === 'NOPERM' || reply.startsWith('UNKNOWN_COMMAND')
}
