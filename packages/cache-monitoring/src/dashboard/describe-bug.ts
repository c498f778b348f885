import { CacheError } from '@verbatim/cache-core'
import { describeType, isError, isSystemError } from '@verbatim/cache-core/implement'

/** The most causes that a description contains. */
const MOST_CAUSES = 4
/** The most places in the code that a description contains for each error. */
const MOST_PLACES = 4

/**
 * Describes an unexpected error for a log: its name, its code and the places in the code where it happened, and
 * the same of its causes. The message of an error is left out unless it is one of this project or of the
 * operating system, because any other message may quote a value or a password.
 *
 * @example
 * ```ts
 * describeBug(error) // TypeError at list (dashboard/explorer.js:73:10), caused by Error ECONNRESET: read ECONNRESET
 * ```
 */
export function describeBug(error: unknown): string {
  const described = [describeOne(error)]
  let cause = causeOf(error)
  while (cause !== undefined && described.length <= MOST_CAUSES) {
    described.push(describeOne(cause))
    cause = causeOf(cause)
  }
  return described.join(', caused by ')
}

function causeOf(error: unknown): unknown {
  try {
    return isError(error) ? error.cause : undefined
  } catch {
    return undefined
  }
}

function describeOne(error: unknown): string {
  if (!isError(error)) return describeType(error)
  try {
    const { code } = error as { readonly code?: unknown }
    const isName = typeof code === 'string' && /^\w{1,64}$/.test(code)
    const places = placesOf(error)
    return [
      /^\w{1,64}$/.test(error.name) ? error.name : 'Error',
      isName ? ` ${code}` : '',
      error instanceof CacheError || isSystemError(error) ? `: ${error.message}` : '',
      places.length > 0 ? ` at ${places.join(' at ')}` : '',
    ].join('')
  } catch {
    return 'an error that cannot be read'
  }
}

/** Returns the places of a stack, without the folders that lead to this program. */
function placesOf({ message, stack }: Error): string[] {
  // A stack starts with the message, which may have lines that look like places.
  const start = stack?.indexOf(message) ?? -1
  if (stack === undefined || start === -1) return []
  const lines = stack.slice(start + message.length).split('\n')
  return lines
    .map((line) => /^ {4}at (.+)$/.exec(line)?.[1])
    .filter((place) => place !== undefined)
    .slice(0, MOST_PLACES)
    .map((place) => place.replace(/(?:file:\/\/)?[^\s()]*\/([^/\s()]+\/[^/\s()]+)/, '$1'))
}
