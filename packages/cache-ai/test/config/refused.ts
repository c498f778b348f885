import { ConfigurationError } from '@verbatim/cache-core'

/** A value that no error may contain. */
export const SECRET = 's3cret-value'

export async function failure(attempt: () => unknown): Promise<ConfigurationError> {
  try {
    await attempt()
  } catch (error) {
    if (error instanceof ConfigurationError) return error
    throw error
  }
  throw new Error('the attempt must throw')
}

/** Returns the paths of the problems of an error. */
export const problemsOf = (error: ConfigurationError): string[] =>
  (error.context['problems'] as { path: string; message: string }[]).map(({ path }) => path)
