import { ConfigurationError, ValidationError } from '../errors.js'

/** Check of a Redis URL. It is passed in, because this package does not depend on cache-redis. */
export interface RedisUrlRule {
  readonly isRedisUrl: (url: unknown) => boolean
  /** Form of a URL, for error messages. */
  readonly form: string
}

interface ConnectingCache {
  connect(options: { readonly required: true }): Promise<unknown>
  close(): Promise<void>
}

/**
 * Returns the URL of `--redis-url`, otherwise of the variable `REDIS_URL`, otherwise `undefined`.
 *
 * @throws ValidationError for a bad flag, ConfigurationError for a bad variable. Neither shows the URL
 */
export function redisUrlFrom(
  flag: string | undefined,
  { isRedisUrl, form }: RedisUrlRule,
): string | undefined {
  if (flag !== undefined) {
    if (isRedisUrl(flag.trim())) return flag.trim()
    throw new ValidationError(`--redis-url must be ${form}; received ${describe(flag)}`)
  }
  const url = variable('REDIS_URL')
  if (url === undefined || isRedisUrl(url)) return url
  throw new ConfigurationError(`REDIS_URL must be ${form}; received another text`)
}

function describe(text: string): string {
  return text.trim() === '' ? 'an empty text' : 'another text'
}

/** Returns the text of an environment variable, or `undefined` if it is unset or blank. */
export function variable(name: string): string | undefined {
  const text = process.env[name]?.trim()
  return text === '' ? undefined : text
}

/**
 * Connects a cache, and returns it. Closes it when Redis cannot be used.
 *
 * @throws the error of `connect`
 */
export async function connectOrClose<Cache extends ConnectingCache>(cache: Cache): Promise<Cache> {
  try {
    await cache.connect({ required: true })
    return cache
  } catch (error) {
    await cache.close()
    throw error
  }
}
