/**
 * What a cache saw under a key, as text: a value, or the lease of a process that is to load one; and
 * its revision.
 */
const VALUE = 'value '
const LEASE = 'lease '

/** Seen where there is no value and no lease could be taken, as when Redis is out of memory. */
export const SEEN_NOTHING = 'nothing'

export function seenValue(revision: string): string {
  return VALUE + revision
}

export function seenLease(revision: string): string {
  return LEASE + revision
}

export function isLease(seen: string): boolean {
  return seen.startsWith(LEASE)
}

export function revisionOf(seen: string): string {
  return seen.slice(VALUE.length)
}
