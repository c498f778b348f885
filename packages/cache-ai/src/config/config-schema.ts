import { toMilliseconds } from '@verbatim/cache-core/implement'
import { isRedisUrl, REDIS_URL_FORM } from '@verbatim/cache-redis'
import { z } from 'zod'
import { LONGEST_OPERATION } from '../arguments.js'
import type { ConfigValues, Duration } from './config-values.js'
import type { FieldName } from './fields.js'
import { PRESET_NAMES } from './presets.js'

// The message of each rule follows "must be".

const YEAR_SECONDS = 31_536_000
const LONGEST_PREFIX = 128
const LARGEST_DATABASE = 2 ** 31 - 1

function rule(error: string): { readonly error: string } {
  return { error }
}

/** For an object or a list as a whole. Rules for its fields have messages of their own. */
function typeRule(error: string): {
  readonly error: (issue: { readonly code: string }) => string | undefined
} {
  return { error: ({ code }) => (code === 'invalid_type' ? error : undefined) }
}

function isTtl(value: unknown): boolean {
  try {
    return toMilliseconds(value, 'ttl') <= YEAR_SECONDS * 1_000
  } catch {
    return false
  }
}

const duration = z.custom<Duration>(
  (value) => value !== null && isTtl(value),
  'seconds as a number, or a text such as 30s, 5m, 2h or 1d; at most a year',
)

function integer(min: number, max: number): z.ZodNumber {
  const message = rule(`an integer from ${min} to ${max}`)
  return z.int(message).min(min, message).max(max, message)
}

function text(longest: number): z.ZodString {
  const message = rule(`a text of 1 to ${longest} characters`)
  return z
    .string(message)
    .min(1, message)
    .max(longest, message)
    .refine((value) => value.isWellFormed(), message)
}

function choice<const Words extends readonly [string, ...string[]]>(
  ...words: Words
): z.ZodEnum<{ [Word in Words[number]]: Word }> {
  return z.enum(words, rule(`one of ${words.join(', ')}`))
}

const flag = z.boolean(rule('true or false'))

const redisUrl = z.string(rule(REDIS_URL_FORM)).refine(isRedisUrl, rule(REDIS_URL_FORM))

const URLS_RULE = 'a list of at least one URL'
const urls = z.array(redisUrl, typeRule(URLS_RULE)).min(1, rule(URLS_RULE))

const tiers = z
  .strictObject(
    { small: integer(1, 1e9), medium: integer(1, 1e9), large: integer(1, 1e9) },
    typeRule('an object with small, medium and large'),
  )
  .refine(
    ({ small, medium, large }) => small < medium && medium < large,
    rule('an object in which small is below medium and medium below large'),
  )

const sentinel = z.strictObject(
  {
    name: text(1_024),
    urls,
    username: text(1_024).optional(),
    password: text(65_536).optional(),
    database: integer(0, LARGEST_DATABASE).optional(),
    tls: flag.optional(),
  },
  typeRule('an object with name and urls'),
)

const fields = {
  redisUrl,
  sentinel,
  cluster: z.strictObject({ urls }, typeRule('an object with urls')),
  keyPrefix: text(LONGEST_PREFIX),
  defaultTtl: duration,
  enableL1Cache: flag,
  l1CacheSize: integer(1, 10_000),
  l1CacheBytes: integer(1, Number.MAX_SAFE_INTEGER),
  isolation: choice('none', 'freeze', 'clone'),
  compressionThreshold: integer(0, 1_048_576),
  compressionLevel: integer(1, 9),
  maxValueBytes: integer(1_024, 2 ** 29),
  commandTimeout: integer(1, 60_000),
  onBackendError: choice('degrade', 'throw'),
  readOnly: flag,
  name: text(64),
  textHashThreshold: integer(1, 100_000),
  hashAlgorithm: choice('sha256', 'sha384', 'sha512', 'sha1', 'md5'),
  keyStyle: choice('readable', 'hashed', 'legacy'),
  textSizeTiers: tiers,
  operationTtls: z.record(
    z.string().min(1).max(LONGEST_OPERATION),
    duration,
    typeRule('an object of operation to TTL'),
  ),
} satisfies Record<FieldName, z.ZodType>

/** What each field may be. */
export const configSchema: z.ZodType<ConfigValues> = z
  .strictObject({
    preset: z.enum(PRESET_NAMES, rule(`one of ${PRESET_NAMES.join(', ')}`)),
    ...fields,
  })
  .partial()

/** Returns the rule of a field, in the words of its messages. */
export function ruleOf(name: FieldName | 'preset'): string {
  const { error } = configSchema.safeParse({ [name]: Symbol(name) })
  return error?.issues.map(({ message }) => message).join('; ') ?? ''
}
