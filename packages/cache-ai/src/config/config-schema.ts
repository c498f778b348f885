import { toMilliseconds } from '@verbatim/cache-core'
import { isRedisUrl, REDIS_URL_FORM } from '@verbatim/cache-redis'
import { z } from 'zod'
import type { ConfigValues, Duration } from './config-values.js'

const YEAR_SECONDS = 31_536_000
const URL_RULE = { error: `allowed: ${REDIS_URL_FORM}` }

function isTtl(value: unknown): boolean {
  try {
    return toMilliseconds(value, 'ttl') <= YEAR_SECONDS * 1_000
  } catch {
    return false
  }
}

const duration = z.custom<Duration>(
  (value) => value !== null && isTtl(value),
  'allowed: seconds as a number, or text such as 30s, 5m, 2h, 1d; at most a year',
)

/** Of what it is as a whole; what is wrong inside has words of its own. */
function typeRule(rule: string): (issue: { readonly code: string }) => string | undefined {
  return ({ code }) => (code === 'invalid_type' ? rule : undefined)
}

function integer(min: number, max: number): z.ZodNumber {
  const error = `allowed: an integer from ${min} to ${max}`
  return z.int({ error }).min(min, { error }).max(max, { error })
}

const tiers = z
  .strictObject(
    { small: integer(1, 1e9), medium: integer(1, 1e9), large: integer(1, 1e9) },
    { error: typeRule('allowed: an object with small, medium and large') },
  )
  .refine(({ small, medium, large }) => small < medium && medium < large, {
    error: 'allowed: small below medium below large',
  })

const flag = z.boolean({ error: 'allowed: true or false' })

function choice<const Words extends readonly [string, ...string[]]>(
  ...words: Words
): z.ZodEnum<{ [Word in Words[number]]: Word }> {
  return z.enum(words, { error: `allowed: ${words.join(', ')}` })
}

/** What each field may be. The compiler sees to it that it says the same as {@link ConfigValues}. */
export const configSchema: z.ZodType<ConfigValues> = z
  .strictObject({
    redisUrl: z.string(URL_RULE).refine(isRedisUrl, URL_RULE),
    defaultTtl: duration,
    enableL1Cache: flag,
    l1CacheSize: integer(1, 10_000),
    compressionThreshold: integer(0, 1_048_576),
    compressionLevel: integer(1, 9),
    textHashThreshold: integer(1, 100_000),
    hashAlgorithm: choice('sha256', 'sha384', 'sha512', 'sha1', 'md5'),
    keyStyle: choice('readable', 'hashed', 'legacy'),
    textSizeTiers: tiers,
    operationTtls: z.record(z.string().min(1).max(64), duration, {
      error: typeRule('allowed: an object of operation to TTL'),
    }),
    commandTimeout: integer(1, 60_000),
    onBackendError: choice('degrade', 'throw'),
  })
  .partial()
