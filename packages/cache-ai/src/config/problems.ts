import { ConfigurationError } from '@verbatim/cache-core'

/** Something that is wrong with a configuration, and where. */
export interface ConfigProblem {
  /** Such as `textSizeTiers.small`, or the name of a variable; empty for the whole. */
  readonly path: string
  readonly message: string
}

/** One error for all that is wrong: who mends it wants to do so once. It quotes no value. */
export function configurationError(
  what: string,
  problems: readonly ConfigProblem[],
  cause?: unknown,
): ConfigurationError {
  const lines = problems.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`))
  return new ConfigurationError(`${what} cannot be used: ${lines.join('; ')}`, {
    code: 'INVALID_CONFIGURATION',
    context: { problems },
    cause,
  })
}
