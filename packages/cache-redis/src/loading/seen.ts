/**
 * What a cache saw under a key, as text: a value, or the mark of somebody who is to load one; and
 * the stamp of the write that put it there.
 */
const VALUE = 'value '
const LEASE = 'lease '

export function seenValue(stamp: string): string {
  return VALUE + stamp
}

export function seenLease(stamp: string): string {
  return LEASE + stamp
}

export function isLease(seen: string): boolean {
  return seen.startsWith(LEASE)
}

export function stampOf(seen: string): string {
  return seen.slice(VALUE.length)
}
