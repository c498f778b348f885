export interface Environment {
  /** `undefined` for 3000, or for any free port when 3000 is in use. */
  readonly port: number | undefined
  readonly redisUrl: string | undefined
  /** In lower case. `undefined` when all requests share their answers. */
  readonly tenantHeader: string | undefined
  /** The secret of operators. */
  readonly apiKey: string | undefined
  /** `undefined` for no log. */
  readonly logLevel: 'info' | 'warn' | 'error' | undefined
}

const LOG_LEVELS = ['info', 'warn', 'error'] as const

/**
 * Reads the environment variables of the service. A blank variable counts as unset.
 *
 * @throws Error that names the variable and its rule
 */
export function readEnvironment(variables: NodeJS.ProcessEnv): Environment {
  const port = variables['PORT']?.trim()
  const tenantHeader = variables['TENANT_HEADER']?.trim()
  return {
    port: port ? parsePort(port) : undefined,
    redisUrl: variables['REDIS_URL']?.trim() || undefined,
    tenantHeader: tenantHeader ? parseHeaderName(tenantHeader) : undefined,
    apiKey: parseApiKey(variables),
    logLevel: parseLogLevel(variables),
  }
}

/** Returns the key. In production a forgotten key must not go unnoticed, so it is required there. */
function parseApiKey({ API_KEY, NODE_ENV }: NodeJS.ProcessEnv): string | undefined {
  const apiKey = API_KEY?.trim()
  if (!apiKey) {
    if (NODE_ENV !== 'production') return undefined
    throw new Error('API_KEY must be set when NODE_ENV is production')
  }
  if (/^[\x21-\x7e]{16,256}$/u.test(apiKey)) return apiKey
  throw new Error('API_KEY must have 16 to 256 visible ASCII characters')
}

function parseLogLevel({ LOG_LEVEL, NODE_ENV }: NodeJS.ProcessEnv): Environment['logLevel'] {
  const wanted = LOG_LEVEL?.trim()
  if (!wanted) return NODE_ENV === 'production' ? 'info' : undefined
  const level = LOG_LEVELS.find((each) => each === wanted)
  if (level !== undefined) return level
  throw new Error(`LOG_LEVEL must be one of ${LOG_LEVELS.join(', ')}`)
}

function parseHeaderName(value: string): string {
  if (/^[\w-]{1,100}$/u.test(value)) return value.toLowerCase()
  throw new Error('TENANT_HEADER must be the name of a request header')
}

function parsePort(value: string): number {
  const port = Number(value)
  if (/^\d+$/u.test(value) && port <= 65_535) return port
  throw new Error('PORT must be an integer from 0 to 65535; 0 takes any free port')
}
