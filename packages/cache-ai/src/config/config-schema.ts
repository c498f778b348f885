import { assertName, toMilliseconds } from '@verbatim/cache-core/implement'
import { isRedisUrl, REDIS_URL_FORM } from '@verbatim/cache-redis'
import { z } from 'zod'
import { LONGEST_OPERATION } from '../arguments.js'
import { PRESET_NAMES } from './presets.js'
import {
  type ConfigName,
  type ConfigValues,
  type Duration,
  type Fields,
  SETTINGS,
  type Setting,
} from './settings.js'

const YEAR_MS = 31_536_000_000
const PRESET_RULE = `one of ${PRESET_NAMES.join(', ')}`
const URLS_RULE = 'a list of at least one URL'
const NAME_RULE = ', not blank and without control characters'

/** Returns the rule of a setting: the words after "must be" in errors, and in the table of settings. */
export function ruleOf(name: ConfigName | 'preset'): string {
  return name === 'preset' ? PRESET_RULE : ruleOfKind(SETTINGS[name])
}

/** Returns the rule of a value by its kind. */
export function ruleOfKind(setting: Setting): string {
  switch (setting.kind) {
    case 'integer':
      return `an integer from ${setting.min} to ${setting.max}`
    case 'choice':
      return `one of ${setting.choices.join(', ')}`
    case 'text':
      return `a string of ${setting.minLength ?? 1} to ${setting.maxLength} characters${setting.isName ? NAME_RULE : ''}`
    case 'flag':
      return 'true or false'
    case 'ttl':
      return 'seconds as a number, or a string such as 30s, 5m, 2h or 1d; at most a year'
    case 'ttls':
      return 'an object of operation to TTL'
    case 'url':
      return REDIS_URL_FORM
    case 'urls':
      return URLS_RULE
    default: {
      const required = listed(requiredOf(setting.fields))
      return required === '' ? 'an object with some of its fields' : `an object with ${required}`
    }
  }
}

function requiredOf(fields: Fields): string[] {
  return Object.keys(fields).filter((name) => fields[name]?.isOptional !== true)
}

/** Returns `small, medium and large`. */
function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}

/** Checks all settings. The message of each issue is a rule. */
export const configSchema: z.ZodType<ConfigValues> = z
  .strictObject({
    preset: z.enum(PRESET_NAMES, { error: PRESET_RULE }),
    ...schemasOf(SETTINGS),
  })
  .partial()

function schemasOf(fields: Fields): Record<string, z.ZodType> {
  const schemas = Object.entries(fields).map(([name, field]) => {
    const schema = schemaOf(field)
    return [name, field.isOptional === true ? schema.optional() : schema]
  })
  return Object.fromEntries(schemas)
}

function schemaOf(setting: Setting): z.ZodType {
  const error = ruleOfKind(setting)
  switch (setting.kind) {
    case 'integer':
      return z.int({ error }).min(setting.min, { error }).max(setting.max, { error })
    case 'choice':
      return z.enum(setting.choices, { error })
    case 'text':
      if (setting.isName) return z.custom<string>(isName, { error })
      return z
        .string({ error })
        .min(setting.minLength ?? 1, { error })
        .max(setting.maxLength, { error })
        .refine((text) => text.isWellFormed(), { error })
    case 'flag':
      return z.boolean({ error })
    case 'ttl':
      return z.custom<Duration>(isDuration, { error })
    case 'ttls':
      return z.record(z.string().min(1).max(LONGEST_OPERATION), schemaOf({ kind: 'ttl' }), {
        error: ofType(error),
      })
    case 'url':
      return z.string({ error }).refine(isRedisUrl, { error })
    case 'urls':
      return z.array(schemaOf({ kind: 'url' }), { error: ofType(error) }).min(1, { error })
    default:
      return objectSchema(setting)
  }
}

function objectSchema(setting: Extract<Setting, { kind: 'object' }>): z.ZodType {
  const schema = z.strictObject(schemasOf(setting.fields), { error: ofType(ruleOfKind(setting)) })
  if (setting.isAscending !== true) return schema
  const names = Object.keys(setting.fields)
  const error = `an object in which ${names.join(' < ')}`
  return schema.refine((value) => isAscending(names.map((name) => value[name] as number)), {
    error,
  })
}

/** Limits an error to the object or the list as a whole. Its fields and items have their own errors. */
function ofType(error: string): (issue: { readonly code: string }) => string | undefined {
  return ({ code }) => (code === 'invalid_type' ? error : undefined)
}

function isName(value: unknown): boolean {
  try {
    assertName(value)
    return true
  } catch {
    return false
  }
}

function isDuration(value: unknown): boolean {
  try {
    return value !== null && toMilliseconds(value, 'ttl') <= YEAR_MS
  } catch {
    return false
  }
}

function isAscending(values: readonly number[]): boolean {
  return values.every((value, index) => index === 0 || value > (values[index - 1] ?? value))
}
