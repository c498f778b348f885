import { ConfigurationError, ValidationError } from '../errors.js'
import { variable } from './variable.js'

/** How a package that knows Redis checks a URL. */
export interface RedisUrlRule {
  readonly isRedisUrl: (url: unknown) => boolean
  /** What a URL must look like. */
  readonly form: string
}

/**
 * Returns the URL of `--redis-url`, or else of the variable `REDIS_URL`, or `undefined`.
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
