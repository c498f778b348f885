import { ConfigurationError } from '@verbatim/cache-core'

/** Something that is wrong with a configuration, and where. */
export interface ConfigProblem {
  /**
   * The name as it was written, such as `text_size_tiers.small` or `AI_CACHE_DEFAULT_TTL`; empty for
   * the whole.
   */
  readonly path: string
  /** What is wrong with it, such as `must be true or false; received a string`. Holds no value. */
  readonly message: string
  /** In a file, from 1. */
  readonly line?: number | undefined
  /** In the line, from 1. */
  readonly column?: number | undefined
}

/** Returns a sentence such as `line 3, column 7: compression_level must be …`. */
export function sentenceOf({ path, message, line, column }: ConfigProblem): string {
  const place = [
    line === undefined ? '' : `line ${line}`,
    column === undefined ? '' : `column ${column}`,
  ].filter((part) => part !== '')
  const subject = path === '' ? message : `${path} ${message}`
  return place.length === 0 ? subject : `${place.join(', ')}: ${subject}`
}

/** Returns one error for all problems. It holds no value. */
export function configurationError(
  what: string,
  problems: readonly ConfigProblem[],
  cause?: unknown,
): ConfigurationError {
  const sentences = problems.map(sentenceOf).join('. ')
  return new ConfigurationError(`${what} is invalid: ${sentences}`, {
    code: 'INVALID_CONFIGURATION',
    context: { problems },
    cause,
  })
}
