export interface Environment {
  /** `undefined`: 3000, or any free port when that is taken. */
  readonly port: number | undefined
  readonly redisUrl: string | undefined
  /** In lower case. `undefined`: all requests share their answers. */
  readonly tenantHeader: string | undefined
}

/**
 * Reads what can be set from outside. A blank variable counts as unset.
 *
 * @throws Error that names the variable and what is allowed
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
