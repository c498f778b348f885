import { ConfigurationError } from '@verbatim/cache-core'
import { describeReceived, isPlainObject, parseFlag } from '@verbatim/cache-core/implement'
import { SecurityConfig, type SecurityConfigOptions } from './security-config.js'

/** The variable of each field. */
const TEXTS = {
  redisAuth: 'REDIS_AUTH',
  aclUsername: 'REDIS_ACL_USERNAME',
  aclPassword: 'REDIS_ACL_PASSWORD',
  tlsCaPath: 'REDIS_TLS_CA_PATH',
  tlsCertPath: 'REDIS_TLS_CERT_PATH',
  tlsKeyPath: 'REDIS_TLS_KEY_PATH',
  tlsKeyPassphrase: 'REDIS_TLS_KEY_PASSPHRASE',
  serverName: 'REDIS_TLS_SERVER_NAME',
  minTlsVersion: 'REDIS_TLS_MIN_VERSION',
  cipherSuites: 'REDIS_TLS_CIPHER_SUITES',
} as const satisfies Partial<Record<keyof SecurityConfigOptions, string>>

const FLAGS = {
  useTls: 'REDIS_USE_TLS',
  verifyCertificates: 'REDIS_VERIFY_CERTIFICATES',
  allowUnverifiedCertificates: 'REDIS_ALLOW_UNVERIFIED_CERTIFICATES',
} as const satisfies Partial<Record<keyof SecurityConfigOptions, string>>

const VARIABLES: Readonly<Record<string, string>> = { ...TEXTS, ...FLAGS }

/**
 * Reads a security configuration from variables such as `REDIS_ACL_USERNAME`, `REDIS_ACL_PASSWORD` and
 * `REDIS_TLS_CA_PATH`. Blank variables count as unset.
 *
 * @example
 * ```ts
 * createSecurityConfigFromEnv({ REDIS_AUTH: 'secret' })?.hasAuthentication // true
 * ```
 * @param environment - Default: the variables of this process
 * @returns `undefined` when no such variable is set
 * @throws ConfigurationError (`INVALID_CONFIGURATION`) that names the variable, never its value
 */
export function createSecurityConfigFromEnv(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): SecurityConfig | undefined {
  if (!isPlainObject(environment) && environment !== process.env) {
    const received = describeReceived(environment)
    throw new ConfigurationError(`environment must be an object of variables; received ${received}`)
  }
  const given: Record<string, unknown> = {}
  for (const [field, variable] of Object.entries(VARIABLES)) {
    const text = environment[variable]?.trim() ?? ''
    if (text !== '') given[field] = Object.hasOwn(FLAGS, field) ? flag(variable, text) : text
  }
  if (Object.keys(given).length === 0) return undefined
  try {
    return new SecurityConfig(given)
  } catch (error) {
    throw error instanceof ConfigurationError ? withVariables(error) : error
  }
}

function flag(variable: string, text: string): boolean {
  const value = parseFlag(text)
  if (value !== undefined) return value
  throw new ConfigurationError(`${variable} must be true or false; received another text`, {
    context: { variable },
  })
}

/** Replaces the names of fields by those of variables, which is what the user wrote. */
function withVariables({ message, context }: ConfigurationError): ConfigurationError {
  const named = message
    .replaceAll('securityConfig.', '')
    .replaceAll(/\b[a-z]+[A-Z]\w*/g, (field) => VARIABLES[field] ?? field)
  return new ConfigurationError(named, { context })
}
