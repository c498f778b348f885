import type { CacheMonitor } from '@verbatim/cache-core'
import {
  hasMethod,
  invalidArgument,
  isPromiseLike,
  MonitorGuard,
} from '@verbatim/cache-core/implement'

/** The methods that a monitor must have. */
const REQUIRED = [
  'observeOperation',
  'observeKeyGeneration',
  'observeCompression',
  'observeInvalidation',
] as const

/** Methods that are called on every monitor that has them. */
const CALLED_ON_ALL = /^(?:observe|record)[A-Z]|^(?:sample|resetStats|close)$/

/** The methods of all monitors. A method that more than one monitor has is that of the first. */
export type CombinedMonitor<Monitors extends readonly CacheMonitor[]> = Required<CacheMonitor> &
  EverythingElse<Monitors>

type EverythingElse<Monitors extends readonly CacheMonitor[]> = Monitors extends readonly [
  infer First,
  ...infer Others extends readonly CacheMonitor[],
]
  ? Omit<First, keyof CacheMonitor> & Omit<EverythingElse<Others>, keyof First>
  : unknown

/** The monitors of each combination, so that a monitor in two of them is called once. */
const combined = new WeakMap<object, readonly CacheMonitor[]>()

/**
 * Returns a monitor that passes its calls on to several monitors, because a cache accepts only one.
 *
 * The combination has every method and property of its monitors. The `observe` and `record` methods,
 * `sample`, `resetStats` and `close` are called on all of them. Any other method, such as
 * `getPerformanceStats`, is that of the first monitor that has it. Combinations can be combined again. The
 * first failure of a monitor is reported, and the other monitors still get the call.
 *
 * @throws ValidationError (`INVALID_ARGUMENT`) for an argument that is not a monitor, and without arguments
 * @example
 * ```ts
 * const performanceMonitor = combineMonitors(new CachePerformanceMonitor(), new OpenTelemetryMonitor())
 * const cache = new InMemoryCache({ performanceMonitor })
 * ```
 */
export function combineMonitors<const Monitors extends readonly CacheMonitor[]>(
  ...monitors: Monitors
): CombinedMonitor<Monitors> {
  if (monitors.length === 0)
    throw invalidArgument('monitors', 'at least one cache monitor', undefined)
  for (const [index, monitor] of monitors.entries()) {
    const missing = REQUIRED.find((method) => !hasMethod(monitor, method))
    if (missing === undefined) continue
    throw invalidArgument(
      `monitors[${index}]`,
      `a cache monitor with the method ${missing}`,
      monitor,
    )
  }
  const members = [...new Set(monitors.flatMap((monitor) => combined.get(monitor) ?? [monitor]))]
  const combination = {}
  const guards = members.map((member) => new MonitorGuard(member, undefined, combination))
  forwardEverything(combination, members, guards)
  Object.assign(combination, observing(guards))
  combined.set(combination, members)
  return combination as CombinedMonitor<Monitors>
}

/** Returns the methods that caches call. None of them throws. */
function observing(guards: readonly MonitorGuard[]): Required<CacheMonitor> {
  return {
    observeOperation: (operation, outcome, tier, milliseconds) => {
      for (const guard of guards) guard.observeOperation(operation, outcome, tier, milliseconds)
    },
    observeKeyGeneration: (milliseconds, textLength, operation) => {
      for (const guard of guards) guard.observeKeyGeneration(milliseconds, textLength, operation)
    },
    observeCompression: (...observed) => {
      for (const guard of guards) guard.observeCompression(...observed)
    },
    observeInvalidation: (...observed) => {
      for (const guard of guards) guard.observeInvalidation(...observed)
    },
    observeMemory: (holder) => {
      for (const guard of guards) guard.observeMemory(holder)
    },
    observeResponse: (operation, model, outcome, milliseconds, textSize) => {
      for (const guard of guards)
        guard.observeResponse(operation, model, outcome, milliseconds, textSize)
    },
  }
}

/** Gives a combination every property that a member has. */
function forwardEverything(
  combination: object,
  members: readonly object[],
  guards: readonly MonitorGuard[],
): void {
  for (const member of members) {
    for (const [name, { value, enumerable = false }] of propertiesOf(member)) {
      if (Object.hasOwn(combination, name)) continue
      const isMethod = typeof value === 'function'
      const forward = isMethod
        ? { value: methodOf(name, member, guards), writable: true }
        : { get: () => valueOf(member, name) }
      Object.defineProperty(combination, name, { ...forward, enumerable, configurable: true })
    }
  }
}

function methodOf(
  name: string | symbol,
  member: object,
  guards: readonly MonitorGuard[],
): (...args: unknown[]) => unknown {
  if (typeof name === 'string' && CALLED_ON_ALL.test(name)) {
    return (...args) => {
      const results = guards.map((guard) => guard.call(name, ...args))
      // A guard has reported the failure of its monitor, and the others have finished.
      return results.some(isPromiseLike) ? Promise.allSettled(results) : results.at(0)
    }
  }
  return (...args) => Reflect.apply(Reflect.get(member, name) as () => unknown, member, args)
}

/** Reads a property with the member as `this`, as a getter of private fields needs. */
function valueOf(member: object, name: string | symbol): unknown {
  const value: unknown = Reflect.get(member, name)
  return typeof value === 'function' ? value.bind(member) : value
}

/** Lists the properties of an object and of its prototypes, the nearest first. */
function* propertiesOf(
  member: object,
): Iterable<readonly [name: string | symbol, property: PropertyDescriptor]> {
  for (
    let owner: object | null = member;
    owner !== null && (owner === member || Reflect.getPrototypeOf(owner) !== null);
    owner = Reflect.getPrototypeOf(owner)
  ) {
    const properties = Object.getOwnPropertyDescriptors(owner) as Record<string, PropertyDescriptor>
    for (const name of Reflect.ownKeys(properties)) {
      if (name !== 'constructor') yield [name, properties[name as string] as PropertyDescriptor]
    }
  }
}
