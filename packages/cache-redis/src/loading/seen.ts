/**
 * What a cache saw under a key, as text: a value, or the lease of a process that is to load one; its
 * revision; and the generation of the key at that time. A load from before a generation was raised is
 * as void as a value from before it.
 */
const VALUE = 'value '
const LEASE = 'lease '

/** Seen where there is no value and no lease could be taken, as when Redis is out of memory. */
export const SEEN_NOTHING = 'nothing'

export function seenValue(revision: string, generation: string): string {
  return `${VALUE}${revision} ${generation}`
}

export function seenLease(revision: string, generation: string): string {
  return `${LEASE}${revision} ${generation}`
}

export function isLease(seen: string): boolean {
  return seen.startsWith(LEASE)
}

export function revisionOf(seen: string): string {
  return seen.split(' ')[1] ?? ''
}

/** Returns an empty text where nobody knew the generation. */
export function generationOf(seen: string): string {
  return seen.split(' ')[2] ?? ''
}
