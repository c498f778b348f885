import { currentEnvironment } from './benchmark-result.js'
import type { EnvironmentInfo } from './benchmark-suite.js'

const SHOWN_VARIABLES = ['DEBUG', 'REDIS_URL', 'RESILIENCE_PRESET', 'API_KEY']

const SECRET_NAME = /key|password|secret|token/i

/** A URL can contain a user and a password in many places, so only its scheme is shown. */
const URL_SCHEME = /^([a-z][a-z0-9+.-]*):/i

/**
 * Returns the machine, and the variables that can change a figure. Secrets are replaced.
 *
 * @param variables - Default: `process.env`
 */
export function environmentInfo(
  variables: Readonly<Record<string, string | undefined>> = process.env,
): EnvironmentInfo {
  return {
    ...currentEnvironment(),
    environmentVariables: Object.fromEntries(
      SHOWN_VARIABLES.map((name) => [name, shownValue(name, variables[name])]),
    ),
  }
}

function shownValue(name: string, value: string | undefined): string {
  if (value === undefined) return 'not_set'
  if (SECRET_NAME.test(name)) return '***'
  const [, scheme] = URL_SCHEME.exec(value) ?? []
  return scheme === undefined ? value : `${scheme}://***`
}
