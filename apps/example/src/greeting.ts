import type { CacheBackend } from './create-cache.js'

interface Started {
  readonly address: string
  readonly backend: CacheBackend
  readonly redisUrl: string | undefined
  /** The key that the service has made for this run; `undefined` for a configured one, and without one. */
  readonly keyOfRun: string | undefined
}

/** Returns the start-up message: the address, the cache, and commands to try. */
export function greeting({ address, backend, redisUrl, keyOfRun }: Started): string {
  const body = `{"text":"The launch went well. The weather was bad.","operation":"sentiment"}`
  return [
    `Listening on ${address}`,
    `Cache: ${describeCache(backend, redisUrl)}`,
    '',
    'Try next:',
    `  open ${address} in a browser`,
    `  open ${address}/internal/dashboard/ for the dashboard of the cache`,
    ...(keyOfRun === undefined ? [] : [`    (the API key of this run: ${keyOfRun})`]),
    `  curl -s ${address}/process -H 'content-type: application/json' -d '${body}'`,
    '    (twice: the second answer says "hit")',
    ...(redisUrl === undefined
      ? [
          '  START_REDIS=redis-server npx --yes pnpm@10.34.9 start',
          '    (with a Redis of its own, which you can stop on the page)',
        ]
      : []),
  ].join('\n')
}

function describeCache({ mode }: CacheBackend, redisUrl: string | undefined): string {
  const descriptions: Record<CacheBackend['mode'], string> = {
    memory: 'in the memory of this process',
    redis: `Redis at ${hostOf(redisUrl)}, and the memory of this process`,
    memory_only: `only the memory of this process, until Redis at ${hostOf(redisUrl)} answers`,
  }
  return descriptions[mode]
}

// Shows only host and port, because a Redis URL may hold a password.
function hostOf(redisUrl = ''): string {
  return URL.canParse(redisUrl) ? new URL(redisUrl).host : 'the configured address'
}
