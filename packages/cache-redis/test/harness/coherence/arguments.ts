import { parseArgs } from 'node:util'
import { bugNamed } from './bugs/bugs.js'
import { DEFAULT_OPTIONS, type RunOptions, withoutMemory } from './run-options.js'
import { KEYS_PER_GROUP } from './workload/workload.js'

const OPTIONS = {
  seconds: { type: 'string' },
  operations: { type: 'string' },
  'fault-count': { type: 'string' },
  processes: { type: 'string' },
  seed: { type: 'string' },
  lanes: { type: 'string' },
  keys: { type: 'string' },
  'no-memory': { type: 'boolean' },
  'private-keys': { type: 'boolean' },
  'no-loads': { type: 'boolean' },
  'no-overlap': { type: 'boolean' },
  pause: { type: 'string' },
  'no-link': { type: 'boolean' },
  bug: { type: 'string' },
  faults: { type: 'string' },
  bound: { type: 'string' },
  'visible-within': { type: 'string' },
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
  const defaults = defaultsFor(values.bug, values['no-memory'] === true)
  const options: RunOptions = {
    seconds: number('seconds', defaults.seconds),
    operations: number('operations', defaults.operations),
    faultCount: number('fault-count', defaults.faultCount),
    processes: number('processes', defaults.processes),
    seed: values.seed === 'any' ? Date.now() % 1_000_000 : number('seed', defaults.seed),
    lanes: number('lanes', defaults.lanes),
    keys: number('keys', defaults.keys),
    memory: defaults.memory,
    sharing: values['private-keys'] === true ? 'private' : defaults.sharing,
    loads: values['no-loads'] === true ? false : defaults.loads,
    overlap: values['no-overlap'] === true ? false : defaults.overlap,
    pauseMs: number('pause', defaults.pauseMs),
    bug: values.bug,
    faults: values.faults === undefined ? defaults.faults : namesIn(values.faults),
    link: values['no-link'] !== true,
    healthyBoundMs: number('bound', defaults.healthyBoundMs),
    visibleMs: number('visible-within', defaults.visibleMs),
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
