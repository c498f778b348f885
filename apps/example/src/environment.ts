export interface Environment {
  /** `undefined` for 3000, or for any free port when 3000 is in use. */
  readonly port: number | undefined
  readonly redisUrl: string | undefined
  /** In lower case. `undefined` when all requests share their answers. */
  readonly tenantHeader: string | undefined
}

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
  }
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
