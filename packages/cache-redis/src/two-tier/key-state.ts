/**
 * The state of a key in Redis as one text, for comparison: what the key holds (a value, or the lease of a
 * process that loads it), the revision of that, and the generation of the prefix at that time. A load that
 * began before the generation was raised is as void as a value from before.
 */
export type KeyState = string

const VALUE = 'value '
const LEASE = 'lease '

/** The state of a key without a value whose load could not be leased, as when Redis is out of memory. */
export const ABSENT_STATE: KeyState = 'nothing'

export function valueState(revision: string, generation: string): KeyState {
  return `${VALUE}${revision} ${generation}`
}

export function leaseState(revision: string, generation: string): KeyState {
  return `${LEASE}${revision} ${generation}`
}

export function isLeaseState(state: KeyState): boolean {
  return state.startsWith(LEASE)
}

export function revisionIn(state: KeyState): string {
  return state.split(' ')[1] ?? ''
}

/** Returns the generation in a state; empty if it was not known. */
export function generationIn(state: KeyState): string {
  return state.split(' ')[2] ?? ''
}
