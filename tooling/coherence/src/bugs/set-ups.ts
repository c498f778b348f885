import type { BugSetUp } from './bug.js'

const SERVER_FAULTS = ['server killed', 'server frozen', 'server slow']

/** All that two tiers have to do, for processes that share their keys. */
export const TWO_TIERS: BugSetUp = {
  memory: true,
  sharing: 'shared',
  loads: true,
  overlap: false,
  // Mistakes show where much happens at a time.
  pauseMs: 1,
  // Seldom written, so that what is wrong stays so for a while.
  keys: 512,
}

/** What one process does to its own keys, whatever the others hear of it. */
export const IN_ONE_PROCESS: BugSetUp = {
  ...TWO_TIERS,
  sharing: 'private',
  pauseMs: 0.5,
  keys: 32,
  faults: [...SERVER_FAULTS, 'out of memory', 'process', 'connections', 'scripts', 'link'],
}

/** What processes do to each other by way of Redis alone. */
export const THROUGH_REDIS: BugSetUp = {
  memory: false,
  sharing: 'shared',
  loads: false,
  overlap: false,
  pauseMs: 0.5,
  faults: [
    ...[...SERVER_FAULTS, 'server evicting', 'out of memory', 'data flushed', 'process'],
    ...['connections', 'scripts', 'link'],
  ],
}

/** What a restart from an older snapshot brings back: many keys that few processes have written. */
export const SNAPSHOTS: BugSetUp = {
  ...TWO_TIERS,
  keys: 64,
  coldKeys: 2_000,
  faults: ['older snapshot'],
}
