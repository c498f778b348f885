import {
  type CacheMonitor,
  hasMethod,
  invalidArgument,
  isPromiseLike,
  MonitorGuard,
} from '@verbatim/cache-core'

/** The methods that every monitor has. */
const REQUIRED = [
  'observeOperation',
  'observeKeyGeneration',
  'observeCompression',
  'observeInvalidation',
] as const

/** What is observed or recorded, and what ends or resets, goes to every monitor that has the method. */
const GOES_TO_ALL = /^(?:observe|record)[A-Z]|^(?:sample|resetStats|close)$/

/** What several monitors can do together: a method that several have is that of the first. */
export type CombinedMonitor<Monitors extends readonly CacheMonitor[]> = Required<CacheMonitor> &
  EverythingElse<Monitors>

type EverythingElse<Monitors extends readonly CacheMonitor[]> = Monitors extends readonly [
  infer First,
  ...infer Others extends readonly CacheMonitor[],
]
  ? Omit<First, keyof CacheMonitor> & Omit<EverythingElse<Others>, keyof First>
  : unknown

/** The monitors of each combination, so that one that is in two of them is told once. */
const combined = new WeakMap<object, readonly CacheMonitor[]>()

/**
 * Returns a monitor that passes everything on to several others. A cache accepts only one monitor.
 *
 * The combination has every method and property of the others. What is observed or recorded goes to all
 * of them, as do `sample`, `resetStats` and `close`; any other method, such as `getPerformanceStats`, is
 * that of the first monitor that has it. Combinations can be combined again. A monitor that fails is
 * reported once and keeps nothing from the others.
 *
 * @throws ValidationError for an argument that is not a monitor, or without any
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

/** Returns the methods that caches call, of which none throws. */
function observing(guards: readonly MonitorGuard[]): Required<CacheMonitor> {
  return {
    observeOperation: (operation, outcome, tier, milliseconds) => {
      for (const guard of guards) guard.observeOperation(operation, outcome, tier, milliseconds)
    },
    observeKeyGeneration: (...observed) => {
      for (const guard of guards) guard.observeKeyGeneration(...observed)
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
    observeResponse: (...observed) => {
      for (const guard of guards) guard.observeResponse(...observed)
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
  if (typeof name === 'string' && GOES_TO_ALL.test(name)) {
    return (...args) => {
      const results = guards.map((guard) => guard.call(name, ...args))
      // A failure was reported, and the others have done their part.
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
