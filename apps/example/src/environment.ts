import type { ModelOptions } from './model/model-operations.js'

export interface Environment {
  /** The address of this machine on which the service listens. */
  readonly host: string
  /** `undefined` for 3000, or for any free port when 3000 is in use. */
  readonly port: number | undefined
  readonly redisUrl: string | undefined
  /** The redis-server that the service starts for itself. */
  readonly redisCommand: string | undefined
  /** In lower case. `undefined` when all requests share their answers. */
  readonly tenantHeader: string | undefined
  /** The secret of operators. */
  readonly apiKey: string | undefined
  /** `undefined` for failures only. */
  readonly logLevel: 'info' | 'warn' | 'error' | undefined
  /** Whether the page can expire results and stop Redis, without a key. */
  readonly hasControls: boolean
  /** `undefined` when the operations are performed offline. */
  readonly model: ModelOptions | undefined
  /** Addresses of other pages by their title, for the dashboard. */
  readonly links: Readonly<Record<string, string>>
}

const LOG_LEVELS = ['info', 'warn', 'error'] as const
const LOOPBACK = '127.0.0.1'

/**
 * Reads the environment variables of the service. A blank variable counts as unset.
 *
 * @throws Error that names the variable and its rule
 */
export function readEnvironment(variables: NodeJS.ProcessEnv): Environment {
  const textOf = (name: string): string | undefined => variables[name]?.trim() || undefined
  const [port, tenantHeader, grafana] = ['PORT', 'TENANT_HEADER', 'GRAFANA_URL'].map(textOf)
  const [redisUrl, redisCommand] = ['REDIS_URL', 'START_REDIS'].map(textOf)
  const host = textOf('HOST') ?? LOOPBACK
  const apiKey = parseApiKey(variables)
  if (redisUrl !== undefined && redisCommand !== undefined) {
    throw new Error('REDIS_URL must be unset when START_REDIS is set')
  }
  return {
    host,
    port: port ? parsePort(port) : undefined,
    redisUrl,
    redisCommand,
    tenantHeader: tenantHeader ? parseHeaderName(tenantHeader) : undefined,
    apiKey,
    logLevel: parseLogLevel(variables),
    // Others can reach the service, or an operator wants a key for every change.
    hasControls:
      host === LOOPBACK && apiKey === undefined && variables['NODE_ENV'] !== 'production',
    model: parseModel(textOf('MODEL'), textOf('OPENAI_API_KEY'), textOf('OPENAI_BASE_URL')),
    links: grafana === undefined ? {} : { Grafana: parseAddress('GRAFANA_URL', grafana) },
  }
}

function parseModel(
  model: string | undefined,
  modelApiKey: string | undefined,
  baseUrl: string | undefined,
): ModelOptions | undefined {
  if (model === undefined) return undefined
  if (modelApiKey === undefined) throw new Error('OPENAI_API_KEY must be set when MODEL is set')
  const modelBaseUrl = baseUrl === undefined ? undefined : parseAddress('OPENAI_BASE_URL', baseUrl)
  return { model, modelApiKey, modelBaseUrl }
}

function parseAddress(name: string, address: string): string {
  if (/^https?:\/\//u.test(address) && URL.canParse(address)) return address
  throw new Error(`${name} must be an address that begins with http:// or https://`)
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
