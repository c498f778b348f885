import { randomBytes } from 'node:crypto'
import { readRecord, recordHead } from '../codec/stored-line.js'

/** What the records of one master say, see {@link Generations}. */
export interface Records {
  /** Such as `1.x8Kq02aB`: a number that only grows, then what no other generation has. */
  readonly generation: string | undefined
  /** How many epochs there have been. */
  readonly epoch: number
  readonly runs: Runs
}

/** What a process remembers of one master. */
export interface Remembered {
  /** `''` while there is none that values may carry. */
  readonly generation: string
  /** One that is void although the server still has it: Redis refused to replace it. */
  readonly voided: string | undefined
  /** The highest epoch that it has seen there. */
  readonly epoch: number
  /** The run of the server that had that epoch; `undefined` where the server does not say. */
  readonly run: string | undefined
}

/** The runs of the server process: the current one, and the epoch at which each earlier one ended. */
export interface Runs {
  readonly current: string | undefined
  readonly ended: ReadonlyMap<string, number>
}

/** Earlier runs that are recorded. A process that was away for more of them voids the prefix. */
const MOST_RUNS = 12
const RUN_LENGTH = 12
const MOST_EPOCH_DIGITS = 15

export function readRecords(
  place: string,
  [generation, epoch, runs]: readonly (string | null | undefined)[],
): Records {
  return {
    generation: readRecord(place, '!', generation),
    epoch: typeof epoch === 'string' && isEpoch(epoch) ? Number(epoch) : 0,
    runs: readRuns(readRecord(place, '#', runs)),
  }
}

export function isEpoch(text: string): boolean {
  return /^\d+$/.test(text) && text.length <= MOST_EPOCH_DIGITS
}

/**
 * Returns whether a server has lost what this process knows it had.
 *
 * An epoch that was there and is missing means that the server went back in time: it was restarted
 * from an older snapshot, or a replica took over that lagged behind. The epoch alone does not tell, for
 * it goes on counting after that: each run of the server process therefore records at which epoch the
 * one before it ended.
 */
export function wentBackInTime(known: Remembered, found: Records): boolean {
  if (known.voided !== undefined && found.generation === known.voided) return true
  if (known.generation === '') return false
  if (found.generation === undefined) return true
  const before = numberOf(known.generation)
  const now = numberOf(found.generation)
  // Raised since, by a process that knew no less.
  if (now > before) return false
  if (now < before || found.generation !== known.generation) return true
  const { current, ended } = found.runs
  if (known.run === undefined || current === undefined || current === known.run) {
    return found.epoch < known.epoch
  }
  return (ended.get(known.run) ?? -1) < known.epoch
}

/** Returns a generation after all of these. */
export function nextGeneration(...generations: readonly (string | undefined)[]): string {
  const latest = Math.max(0, ...generations.map((each) => numberOf(each ?? '')))
  return `${latest + 1}.${randomBytes(6).toString('base64url')}`
}

export function generationLine(place: string, generation: string): string {
  return recordHead(place, '!') + generation
}

/** Returns the name of a run in the records. */
export function runName(runId: string | undefined): string | undefined {
  return runId?.slice(0, RUN_LENGTH)
}

/** Returns the line of the runs once another run has begun at this epoch. */
export function runsLine(place: string, runs: Runs, run: string, epoch: number): string {
  const ended = [...runs.ended]
  if (runs.current !== undefined) ended.push([runs.current, epoch])
  const words = ended.slice(-MOST_RUNS).map(([name, at]) => `${name}.${at}`)
  return recordHead(place, '#') + [run, ...words].join('-')
}

function readRuns(word: string | undefined): Runs {
  const [current, ...ended] = word?.split('-') ?? []
  return {
    current,
    ended: new Map(
      ended.map((each) => {
        const [name = '', at] = each.split('.')
        return [name, Number(at)]
      }),
    ),
  }
}

function numberOf(generation: string): number {
  return Number.parseInt(generation, 10) || 0
}
