import type { BugSetUp } from './bug.js'

const SERVER_FAULTS = ['server killed', 'server frozen', 'server slow']

/** Processes that share their keys, with both tiers. */
export const TWO_TIERS: BugSetUp = {
  memory: true,
  sharing: 'shared',
  loads: true,
  overlap: false,
  // Bugs show when many operations run at the same time.
  pauseMs: 1,
  // Many keys are rarely written, so that wrong values stay visible.
  keys: 512,
}

/** Processes with private keys, for bugs within one process. */
export const IN_ONE_PROCESS: BugSetUp = {
  ...TWO_TIERS,
  sharing: 'private',
  pauseMs: 0.5,
  keys: 32,
  faults: [...SERVER_FAULTS, 'out of memory', 'process', 'connections', 'scripts', 'network'],
}

/** Processes that affect each other only through Redis. */
export const THROUGH_REDIS: BugSetUp = {
  memory: false,
  sharing: 'shared',
  loads: false,
  overlap: false,
  pauseMs: 0.5,
  faults: [
    ...[...SERVER_FAULTS, 'server evicting', 'out of memory', 'data flushed', 'process'],
    ...['connections', 'scripts', 'network'],
  ],
}

/** Many keys that few processes have written, for restarts from older snapshots. */
export const SNAPSHOTS: BugSetUp = {
  ...TWO_TIERS,
  keys: 64,
  coldKeys: 2_000,
  faults: ['older snapshot'],
}
