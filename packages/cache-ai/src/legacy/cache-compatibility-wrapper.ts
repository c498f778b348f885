import { type CacheInterface, ConfigurationError } from '@verbatim/cache-core'
import {
  assertKnownFields,
  hasMethod,
  invalidOption,
  isPromiseLike,
} from '@verbatim/cache-core/implement'
import { camelCaseOf } from '../config/settings.js'
import { mergeOperationTtls } from '../operation-ttls.js'
import { LegacyCalls, type LegacyCallsOptions, missing } from './legacy-calls.js'
import { type SnakeCase, type SnakeCaseFields, withSnakeCaseFields } from './snake-case.js'

export interface CompatibilityOptions extends LegacyCallsOptions {
  /** Whether the first use of each old name in a process emits a `DeprecationWarning`. Default: true. */
  readonly emitWarnings?: boolean | undefined
}

type LegacyName = Extract<keyof LegacyCalls, string>

/** Endings of the methods that return statistics. Their results get fields in snake case. */
const STATISTICS = [
  'Stats',
  'Statistics',
  'Summary',
  'Performance',
  'Recommendations',
  'Warnings',
  'Info',
  'Use',
] as const
type StatisticsName = `${string}${(typeof STATISTICS)[number]}`

type WithSnakeCaseResult<Method> = Method extends (...given: infer Given) => infer Result
  ? (
      ...given: Given
    ) => Result extends Promise<infer Later>
      ? Promise<SnakeCaseFields<Later>>
      : SnakeCaseFields<Result>
  : Method

/** A cache whose members also have names in snake case. */
export type WithLegacyNames<Cache> = Cache & {
  readonly [Name in keyof Cache as Name extends string
    ? Exclude<SnakeCase<Name>, Name | LegacyName>
    : never]: Name extends StatisticsName ? WithSnakeCaseResult<Cache[Name]> : Cache[Name]
} & { readonly [Name in LegacyName]: LegacyCalls[Name] }

const OPTION_NAMES: ReadonlySet<string> = new Set<keyof CompatibilityOptions>([
  'emitWarnings',
  'keyGenerator',
  'operationTtls',
])

const warned = new Set<string>()

/**
 * Wraps a cache so that its methods also have the names and arguments of the Python version. Everything else
 * is the cache itself.
 *
 * @example
 * ```ts
 * const cache = new CacheCompatibilityWrapper(new AIResponseCache())
 * await cache.cache_response('Long text', 'summarize', {}, { summary: 'Brief' })
 * await cache.get_cached_response('Long text', 'summarize') // { summary: 'Brief', cache_hit: true, … }
 * ```
 *
 * @throws ConfigurationError (`INVALID_OPTION`) that names the wrong argument
 * @throws ValidationError (`NO_SUCH_MEMBER`) for a name in snake case whose member the cache does not have
 */
export const CacheCompatibilityWrapper: new <Cache extends CacheInterface>(
  cache: Cache,
  options?: CompatibilityOptions,
) => WithLegacyNames<Cache> = function wrap(
  cache: CacheInterface,
  options: CompatibilityOptions = {},
): CacheInterface {
  if (!hasMethod(cache, 'get')) throw invalidOption('cache', 'a cache', cache)
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
      // Methods are kept, because they never change. Fields may change.
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
    throw invalidOption('emitWarnings', 'true or false', emitWarnings)
  }
  if (keyGenerator !== undefined && !hasMethod(keyGenerator, 'generateCacheKey')) {
    throw invalidOption('keyGenerator', 'a CacheKeyGenerator', keyGenerator)
  }
  mergeOperationTtls(operationTtls)
}

/** Returns a member. A method is bound, because the proxy lacks the private members that it needs. */
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
  if (typeof member !== 'function' || !STATISTICS.some((end) => renamed.endsWith(end))) {
    return member
  }
  return (...given: unknown[]) => {
    const result: unknown = member(...given)
    return isPromiseLike(result)
      ? result.then((statistics) => withSnakeCaseFields(statistics))
      : withSnakeCaseFields(result)
  }
}

function warnOf(name: string): void {
  if (warned.has(name)) return
  warned.add(name)
  process.emitWarning(`${name} is a name of the Python version; see the README for the new name`, {
    type: 'DeprecationWarning',
    code: 'VERBATIM_LEGACY_NAME',
  })
}
