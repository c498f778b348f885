import type { BugSetUp } from './bug.js'

/**
 * What one process does to its own keys; there the memory tier has to be right already.
 *
 * Not yet among the faults: 'out of memory'. A write that Redis refuses lets the old value back into
 * memory now and then, without any bug of ours.
 */
export const IN_ONE_PROCESS: BugSetUp = {
  memory: true,
  sharing: 'private',
  loads: true,
  overlap: false,
  faults: ['server', 'process', 'connections', 'scripts', 'link'],
}

/** What processes do to each other by way of Redis alone. */
export const THROUGH_REDIS: BugSetUp = {
  memory: false,
  sharing: 'shared',
  loads: false,
  overlap: false,
}
