import { toMilliseconds } from '@verbatim/cache-core'
import { DEFAULT_OPERATION_TTLS } from '../operation-ttls.js'
import { configSchema } from './config-schema.js'
import type { ConfigValues } from './config-values.js'
import { withDefaults } from './presets.js'
import type { ConfigProblem } from './problems.js'
import { ValidationResult } from './validation-result.js'

const LONG_TTL_MS = 86_400_000

/** Never throws. */
export function validateConfig(given: unknown): ValidationResult {
  const result = new ValidationResult()
  const parsed = configSchema.safeParse(given)
  if (parsed.success) {
    for (const { path, message } of warningsOf(parsed.data)) result.addWarning(path, message)
    for (const { path, message } of recommendationsOf(parsed.data)) {
      result.addRecommendation(path, message)
    }
    return result
  }
  for (const issue of parsed.error.issues) {
    const path = issue.path.map(String).join('.')
    if (issue.code !== 'unrecognized_keys') result.addError(path, issue.message)
    else
      for (const key of issue.keys)
        result.addError(path === '' ? key : `${path}.${key}`, 'there is no such field')
  }
  return result
}

function warningsOf(values: ConfigValues): ConfigProblem[] {
  const known = Object.keys(DEFAULT_OPERATION_TTLS)
  const unknown = Object.keys(values.operationTtls ?? {}).filter((name) => !known.includes(name))
  const isSizeInVain = values.enableL1Cache === false && values.l1CacheSize !== undefined
  return [
    ...unknown.map((name) => {
      return { path: `operationTtls.${name}`, message: `is none of ${known.join(', ')}` }
    }),
    ...(isSizeInVain
      ? [{ path: 'l1CacheSize', message: 'has no effect while enableL1Cache is false' }]
      : []),
  ]
}

function recommendationsOf(given: ConfigValues): ConfigProblem[] {
  const values = withDefaults(given)
  const advice: readonly (readonly [boolean, keyof ConfigValues, string])[] = [
    [
      values.compressionThreshold > 10_000,
      'compressionThreshold',
      'is high: values of less stay uncompressed',
    ],
    [values.compressionLevel > 7, 'compressionLevel', 'is high: it takes much time for little'],
    [
      values.textHashThreshold !== values.compressionThreshold,
      'textHashThreshold',
      'differs from compressionThreshold: long texts are mostly long responses too',
    ],
    [values.l1CacheSize > 500, 'l1CacheSize', 'is high: see that the memory suffices'],
    [
      toMilliseconds(values.defaultTtl, 'defaultTtl') > LONG_TTL_MS,
      'defaultTtl',
      'is more than a day: responses may be outdated',
    ],
    [
      given.operationTtls === undefined,
      'operationTtls',
      'is not given: operations live as long as the defaults say',
    ],
  ]
  return advice.filter(([holds]) => holds).map(([, path, message]) => ({ path, message }))
}
