export type Isolation = 'none' | 'freeze' | 'clone'

/** What is kept of a value, and what is handed out of it: with isolation a copy each time. */
export function isolate(value: unknown, isolation: Isolation): unknown {
  if (isolation === 'none') return value
  const copy = copyOf(value)
  return isolation === 'freeze' ? freeze(copy) : copy
}

function copyOf(value: unknown): unknown {
  // The one kind of value in the suite that structuredClone does not know.
  return value instanceof URL ? new URL(value) : structuredClone(value)
}

/** Freezes plain objects and lists; what else is among them is a copy of its reader's anyway. */
function freeze(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value
  if (!Array.isArray(value) && Object.getPrototypeOf(value) !== Object.prototype) return value
  for (const part of Object.values(value)) freeze(part)
  return Object.freeze(value)
}
