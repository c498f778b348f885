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

/** The flag and the variable that a command reads a URL from. */
export interface RedisUrlNames {
  readonly flag: string
  readonly variable: string
}

/**
 * Returns the URL of a flag, otherwise of a variable, otherwise `undefined`.
 *
 * @param names - Default: `--redis-url` and `REDIS_URL`
 * @throws ValidationError for a bad flag, ConfigurationError for a bad variable. Neither shows the URL
 */
export function redisUrlFrom(
  flag: string | undefined,
  { isRedisUrl, form }: RedisUrlRule,
  names: RedisUrlNames = { flag: '--redis-url', variable: 'REDIS_URL' },
): string | undefined {
  if (flag !== undefined) {
    if (isRedisUrl(flag.trim())) return flag.trim()
    throw new ValidationError(`${names.flag} must be ${form}; received ${describe(flag)}`)
  }
  const url = variable(names.variable)
  if (url === undefined || isRedisUrl(url)) return url
  throw new ConfigurationError(`${names.variable} must be ${form}; received another text`)
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
