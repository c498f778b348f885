interface Stepping {
  next: (this: unknown, ...values: unknown[]) => unknown
}

const prototypeOf = (value: object): object => Object.getPrototypeOf(value) as object

/** Prototypes of the iterators of sets, maps, arrays and generators. */
const STEPPING = [
  prototypeOf(new Set().values()),
  prototypeOf(new Map().values()),
  prototypeOf([].values()),
  prototypeOf(prototypeOf((function* () {})())),
] as Stepping[]

/** Returns how many steps of iterators an action takes before its first await. */
export async function iterationSteps(action: () => unknown): Promise<number> {
  let steps = 0
  const unpatched = STEPPING.map((prototype) => prototype.next)
  for (const prototype of STEPPING) {
    const { next } = prototype
    prototype.next = function (...values) {
      steps++
      return next.apply(this, values)
    }
  }
  try {
    const outcome = action()
    const counted = steps
    await outcome
    return counted
  } finally {
    STEPPING.forEach((prototype, index) => {
      prototype.next = unpatched[index] as Stepping['next']
    })
  }
}

/** Returns how often an action starts to iterate over a set. */
export function setsBegun(action: () => unknown): number {
  let begun = 0
  // oxlint-disable-next-line typescript/unbound-method -- called with its set below
  const { values } = Set.prototype
  const counting = function (this: Set<unknown>): SetIterator<unknown> {
    begun++
    return values.call(this)
  }
  Object.assign(Set.prototype, { values: counting, [Symbol.iterator]: counting })
  try {
    action()
  } finally {
    Object.assign(Set.prototype, { values, [Symbol.iterator]: values })
  }
  return begun
}
