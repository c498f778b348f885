import { assertName } from '@verbatim/cache-core'

/**
 * Returns a function that checks the option `name`, or numbers monitors that have none: `cache-1`,
 * `cache-2`.
 *
 * Each class of monitors counts for itself, so that the two monitors of a cache get the same number.
 */
export function monitorNames(): (name: unknown) => string {
  let unnamed = 0
  return (name) => {
    assertName(name)
    return name ?? `cache-${++unnamed}`
  }
}
