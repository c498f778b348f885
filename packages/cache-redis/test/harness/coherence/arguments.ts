import { parseArgs } from 'node:util'
import { bugNamed } from './bugs/bugs.js'
import { DEFAULT_OPTIONS, type RunOptions } from './run-options.js'
import { KEYS_PER_GROUP } from './workload/workload.js'

const OPTIONS = {
  seconds: { type: 'string' },
  operations: { type: 'string' },
  processes: { type: 'string' },
  seed: { type: 'string' },
  lanes: { type: 'string' },
  keys: { type: 'string' },
  'no-memory': { type: 'boolean' },
  'private-keys': { type: 'boolean' },
  'no-loads': { type: 'boolean' },
  'no-overlap': { type: 'boolean' },
  'no-link': { type: 'boolean' },
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

export interface Arguments {
  readonly options: RunOptions
  /** Where to write the report as JSON. */
  readonly reportFile: string | undefined
}

/**
 * What the command line asks for. A bug brings its own set-up, which the other arguments overrule.
 *
 * @throws Error that says what is wrong
 */
export function readArguments(words: readonly string[]): Arguments {
  const { values } = parseArgs({ args: [...words], options: OPTIONS })
  const number = (name: keyof typeof values, otherwise: number): number => {
    const text = values[name]
    if (text === undefined) return otherwise
    if (text !== '' && Number(text) >= 0) return Number(text)
    throw new Error(`--${name} is ${String(text)}; it must be a number of at least 0`)
  }
  const defaults = defaultsFor(values.bug)
  const memory = values['no-memory'] === true ? false : defaults.memory
  const healthyBoundMs = number('bound', defaults.healthyBoundMs)
  const options: RunOptions = {
    seconds: number('seconds', defaults.seconds),
    operations: number('operations', defaults.operations),
    processes: number('processes', defaults.processes),
    seed: number('seed', defaults.seed),
    lanes: number('lanes', defaults.lanes),
    keys: number('keys', defaults.keys),
    memory,
    sharing: values['private-keys'] === true ? 'private' : defaults.sharing,
    loads: values['no-loads'] === true ? false : defaults.loads,
    overlap: values['no-overlap'] === true ? false : defaults.overlap,
    bug: values.bug,
    faults: values.faults === undefined ? defaults.faults : namesIn(values.faults),
    link: values['no-link'] !== true,
    healthyBoundMs,
    // Without a memory tier a lost link makes nothing stale.
    lostBoundMs: number('lost-bound', memory ? defaults.lostBoundMs : healthyBoundMs),
    recoveryMs: number('recovery', defaults.recoveryMs),
    lateWritesMs: number('late-writes', defaults.lateWritesMs),
    commandTimeoutMs: number('command-timeout', defaults.commandTimeoutMs),
    stopsAtFirstViolation: values['stop-at-first'] ?? defaults.stopsAtFirstViolation,
    traceEvents: number('trace', defaults.traceEvents),
  }
  checkNumbers(options)
  return { options, reportFile: values.report }
}

function defaultsFor(bug: string | undefined): RunOptions {
  if (bug === undefined) return DEFAULT_OPTIONS
  return { ...DEFAULT_OPTIONS, ...bugNamed(bug).setUp, stopsAtFirstViolation: true }
}

/** `--faults none` for none at all. */
function namesIn(text: string): string[] {
  return text === 'none' ? [] : text.split(',').map((name) => name.trim())
}

function checkNumbers({ processes, keys, sharing, lanes }: RunOptions): void {
  const groups = keys / KEYS_PER_GROUP / (sharing === 'private' ? processes : 1)
  if (!Number.isInteger(groups) || groups < 1 || keys > 65_536) {
    throw new Error(`--keys is ${keys}; it must make whole groups of ${KEYS_PER_GROUP} for each`)
  }
  if (!Number.isInteger(processes) || processes < 1 || processes > 256) {
    throw new Error(`--processes is ${processes}; it must be a whole number from 1 to 256`)
  }
  if (!Number.isInteger(lanes) || lanes < 1) {
    throw new Error(`--lanes is ${lanes}; it must be a whole number of at least 1`)
  }
}
