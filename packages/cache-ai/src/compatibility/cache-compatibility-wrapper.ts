import { type CacheInterface, ConfigurationError } from '@verbatim/cache-core'
import { assertKnownFields, hasMethod, isPromiseLike } from '@verbatim/cache-core/implement'
import { invalidSetting } from '../arguments.js'
import { mergeOperationTtls } from '../operation-ttls.js'
import { LegacyCalls, type LegacyCallsOptions, missing } from './legacy-calls.js'
import {
  camelCaseOf,
  type SnakeCase,
  type SnakeCaseFields,
  withSnakeCaseFields,
} from './snake-case.js'

export interface CompatibilityOptions extends LegacyCallsOptions {
  /** Whether the first use of each old name in a process emits a `DeprecationWarning`. Default: true. */
  readonly emitWarnings?: boolean | undefined
}

type LegacyName = Extract<keyof LegacyCalls, string>

/** How the names of what answers with figures end; their fields had names in snake case, too. */
const FIGURES = [
  'Stats',
  'Statistics',
  'Summary',
  'Performance',
  'Recommendations',
  'Warnings',
  'Info',
  'Use',
] as const
type AnswersFigures = `${string}${(typeof FIGURES)[number]}`

type WithFigures<Method> = Method extends (...given: infer Given) => infer Answer
  ? (
      ...given: Given
    ) => Answer extends Promise<infer Later>
      ? Promise<SnakeCaseFields<Later>>
      : SnakeCaseFields<Answer>
  : Method

/** A cache with its own names, and all of them in snake case. */
export type WithLegacyNames<Cache> = Cache & {
  readonly [Name in keyof Cache as Name extends string
    ? Exclude<SnakeCase<Name>, Name | LegacyName>
    : never]: Name extends AnswersFigures ? WithFigures<Cache[Name]> : Cache[Name]
} & { readonly [Name in LegacyName]: LegacyCalls[Name] }

const OPTION_NAMES: ReadonlySet<string> = new Set<keyof CompatibilityOptions>([
  'emitWarnings',
  'keyGenerator',
  'operationTtls',
])

const warned = new Set<string>()

/**
 * Lets code that was written for the Python version go on: a cache that also has the Python names and
 * arguments of its methods. Everything else is the cache itself.
 *
 * @throws ConfigurationError (`INVALID_OPTION`) that names the wrong argument
 * @throws ValidationError (`NO_SUCH_MEMBER`) when a name in snake case is used that the cache has by
 * no name
 */
export const CacheCompatibilityWrapper: new <Cache extends CacheInterface>(
  cache: Cache,
  options?: CompatibilityOptions,
) => WithLegacyNames<Cache> = function wrap(
  cache: CacheInterface,
  options: CompatibilityOptions = {},
): CacheInterface {
  if (!hasMethod(cache, 'get')) throw invalidSetting('cache', 'a cache', cache)
  assertCompatibilityOptions(options)
  const members = new Map<string | symbol, unknown>()
  const legacy = new LegacyCalls(cache, options)
  const find = (name: string | symbol): unknown => {
    if (name in cache || typeof name === 'symbol') return ownMember(cache, name)
    const call = legacyCall(legacy, name) ?? renamedMember(cache, name)
    if (call !== undefined && options.emitWarnings !== false) warnOf(name)
    return call
  }
  return new Proxy(cache, {
    get: (_cache, name) => {
      // A field may change; what a method is does not.
      const known = members.get(name)
      if (known !== undefined) return known
      const found = find(name)
      if (typeof found === 'function') members.set(name, found)
      return found
    },
  })
} as never

/** @throws ConfigurationError (`INVALID_OPTION`) that names the wrong option */
function assertCompatibilityOptions(options: CompatibilityOptions): void {
  assertKnownFields(options, OPTION_NAMES, 'options', ConfigurationError, 'INVALID_OPTION')
  const { emitWarnings = true, keyGenerator, operationTtls = {} } = options
  if (typeof emitWarnings !== 'boolean') {
    throw invalidSetting('emitWarnings', 'true or false', emitWarnings)
  }
  if (keyGenerator !== undefined && !hasMethod(keyGenerator, 'generateCacheKey')) {
    throw invalidSetting('keyGenerator', 'a CacheKeyGenerator', keyGenerator)
  }
  mergeOperationTtls(operationTtls)
}

/** Bound, for a proxy has none of the private members that its methods need. */
function ownMember(cache: CacheInterface, name: string | symbol): unknown {
  const member: unknown = Reflect.get(cache, name, cache)
  return typeof member === 'function' && name !== 'constructor' ? member.bind(cache) : member
}

function legacyCall(legacy: LegacyCalls, name: string): unknown {
  const isCall = name !== 'constructor' && Object.hasOwn(LegacyCalls.prototype, name)
  return isCall ? legacy[name as LegacyName].bind(legacy) : undefined
}

function renamedMember(cache: CacheInterface, name: string): unknown {
  const renamed = camelCaseOf(name)
  if (renamed === undefined) return undefined
  if (!(renamed in cache)) throw missing(cache, name)
  const member = ownMember(cache, renamed)
  if (typeof member !== 'function' || !FIGURES.some((end) => renamed.endsWith(end))) return member
  return (...given: unknown[]) => {
    const answer: unknown = member(...given)
    return isPromiseLike(answer)
      ? answer.then((figures) => withSnakeCaseFields(figures))
      : withSnakeCaseFields(answer)
  }
}

function warnOf(name: string): void {
  if (warned.has(name)) return
  warned.add(name)
  process.emitWarning(
    `${name} is the name of an earlier version; see the README for what it is now`,
    {
      type: 'DeprecationWarning',
      code: 'VERBATIM_LEGACY_NAME',
    },
  )
}
