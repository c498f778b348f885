export type Isolation = 'none' | 'freeze' | 'clone'

/** Returns the value to store or to return to a reader: a copy, if there is isolation. */
export function isolate(value: unknown, isolation: Isolation): unknown {
  if (isolation === 'none') return value
  const copy = copyOf(value)
  return isolation === 'freeze' ? freeze(copy) : copy
}

function copyOf(value: unknown): unknown {
  // The only kind of value in the suite that structuredClone does not support.
  return value instanceof URL ? new URL(value) : structuredClone(value)
}

/** Freezes plain objects and lists. Each reader gets a copy of anything else. */
function freeze(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value
  if (!Array.isArray(value) && Object.getPrototypeOf(value) !== Object.prototype) return value
  for (const part of Object.values(value)) freeze(part)
  return Object.freeze(value)
}
