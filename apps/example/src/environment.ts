export interface Environment {
  /** `undefined`: 3000, or any free port when that is taken. */
  readonly port: number | undefined
  readonly redisUrl: string | undefined
}

/**
 * Reads what can be set from outside. An empty variable counts as absent.
 *
 * @throws Error that names the variable and what is allowed
 */
export function readEnvironment(variables: NodeJS.ProcessEnv): Environment {
  const { PORT, REDIS_URL } = variables
  return { port: PORT ? parsePort(PORT) : undefined, redisUrl: REDIS_URL || undefined }
}

function parsePort(value: string): number {
  const port = Number(value)
  if (/^\d+$/u.test(value) && port <= 65_535) return port
  throw new Error('PORT must be an integer from 0 to 65535; 0 takes any free port')
}
