import { ConfigurationError } from '@verbatim/cache-core'

/** Whatever a password or another value might be. */
export const SECRET = 's3cret-value'

export async function failure(attempt: () => unknown): Promise<ConfigurationError> {
  try {
    await attempt()
  } catch (error) {
    if (error instanceof ConfigurationError) return error
    throw error
  }
  throw new Error('it should have failed')
}

/** Where something is wrong. */
export const problemsOf = (error: ConfigurationError): string[] =>
  (error.context['problems'] as { path: string; message: string }[]).map(({ path }) => path)
