import { parseArgs } from 'node:util'
import { bugNamed } from './bugs/bugs.js'
import { DEFAULT_OPTIONS, type RunOptions, withoutMemory } from './run-options.js'
import { KEYS_PER_GROUP } from './workload/keys.js'

const OPTIONS = {
  seconds: { type: 'string' },
  operations: { type: 'string' },
  'fault-count': { type: 'string' },
  processes: { type: 'string' },
  seed: { type: 'string' },
  lanes: { type: 'string' },
  keys: { type: 'string' },
  'cold-keys': { type: 'string' },
  'no-memory': { type: 'boolean' },
  'private-keys': { type: 'boolean' },
  'no-loads': { type: 'boolean' },
  'no-overlap': { type: 'boolean' },
  pause: { type: 'string' },
  'no-snapshots': { type: 'boolean' },
  'snapshot-seconds': { type: 'string' },
  'no-foreign-data': { type: 'boolean' },
  'no-network-faults': { type: 'boolean' },
  bug: { type: 'string' },
  faults: { type: 'string' },
  bound: { type: 'string' },
  'lost-bound': { type: 'string' },
  recovery: { type: 'string' },
  'late-writes': { type: 'string' },
  'command-timeout': { type: 'string' },
  'stop-at-first': { type: 'boolean' },
  trace: { type: 'string' },
  report: { type: 'string' },
} as const

/** Number of keys that an event has room for. */
const MOST_KEYS = 65_536

export interface Arguments {
  readonly options: RunOptions
  /** File for the report as JSON. */
  readonly reportFile: string | undefined
}

/**
 * Parses the command line. A bug brings its own set-up, and the other arguments override it.
 *
 * @throws Error for an invalid argument
 */
export function readArguments(words: readonly string[]): Arguments {
  const { values } = parseArgs({ args: [...words], options: OPTIONS })
  const number = (name: keyof typeof values, otherwise: number): number => {
    const text = values[name]
    if (text === undefined) return otherwise
    if (text !== '' && Number(text) >= 0) return Number(text)
    throw new Error(`--${name} must be a number of at least 0; received ${String(text)}`)
  }
  const defaults = defaultsFor(values.bug, values['no-memory'] === true)
  const options: RunOptions = {
    seconds: number('seconds', defaults.seconds),
    operations: number('operations', defaults.operations),
    faultCount: number('fault-count', defaults.faultCount),
    processes: number('processes', defaults.processes),
    seed: values.seed === 'any' ? Date.now() % 1_000_000 : number('seed', defaults.seed),
    lanes: number('lanes', defaults.lanes),
    keys: number('keys', defaults.keys),
    coldKeys: number('cold-keys', defaults.coldKeys),
    memory: defaults.memory,
    sharing: values['private-keys'] === true ? 'private' : defaults.sharing,
    loads: values['no-loads'] === true ? false : defaults.loads,
    overlap: values['no-overlap'] === true ? false : defaults.overlap,
    pauseMs: number('pause', defaults.pauseMs),
    bug: values.bug,
    faults: values.faults === undefined ? defaults.faults : namesIn(values.faults),
    snapshots: values['no-snapshots'] !== true,
    snapshotSeconds: number('snapshot-seconds', defaults.snapshotSeconds),
    foreignData: values['no-foreign-data'] !== true,
    networkFaults: values['no-network-faults'] !== true,
    healthyBoundMs: number('bound', defaults.healthyBoundMs),
    lostBoundMs: number('lost-bound', defaults.lostBoundMs),
    recoveryMs: number('recovery', defaults.recoveryMs),
    lateWritesMs: number('late-writes', defaults.lateWritesMs),
    commandTimeoutMs: number('command-timeout', defaults.commandTimeoutMs),
    stopsAtFirstViolation: values['stop-at-first'] ?? defaults.stopsAtFirstViolation,
    traceEvents: number('trace', defaults.traceEvents),
  }
  checkNumbers(options)
  return { options, reportFile: values.report }
}

function defaultsFor(bug: string | undefined, noMemory: boolean): RunOptions {
  const options =
    bug === undefined
      ? DEFAULT_OPTIONS
      : { ...DEFAULT_OPTIONS, ...bugNamed(bug).setUp, stopsAtFirstViolation: true }
  return noMemory || !options.memory ? withoutMemory(options) : options
}

/** Parses `--faults`. `none` means no faults. */
function namesIn(text: string): string[] {
  return text === 'none' ? [] : text.split(',').map((name) => name.trim())
}

function checkNumbers(options: RunOptions): void {
  const { processes, keys, coldKeys, sharing, lanes, snapshotSeconds } = options
  const groups = keys / KEYS_PER_GROUP / (sharing === 'private' ? processes : 1)
  if (!Number.isInteger(groups) || groups < 1 || keys + coldKeys > MOST_KEYS) {
    throw new Error(
      `--keys must be whole groups of ${KEYS_PER_GROUP} for each process; received ${keys}`,
    )
  }
  if (!Number.isInteger(coldKeys / KEYS_PER_GROUP) || (coldKeys > 0 && sharing === 'private')) {
    throw new Error(
      `--cold-keys must be whole groups of ${KEYS_PER_GROUP} of shared keys; received ${coldKeys}`,
    )
  }
  if (snapshotSeconds < 1) {
    throw new Error(`--snapshot-seconds must be at least 1; received ${snapshotSeconds}`)
  }
  if (!Number.isInteger(processes) || processes < 1 || processes > 256) {
    throw new Error(`--processes must be a whole number from 1 to 256; received ${processes}`)
  }
  if (!Number.isInteger(lanes) || lanes < 1) {
    throw new Error(`--lanes must be a whole number of at least 1; received ${lanes}`)
  }
}
