import { randomBytes } from 'node:crypto'
import { readRecord, recordHead } from '../codec/stored-line.js'
import type { RedisClient } from '../connection/clients.js'
import { malformedReply } from '../connection/connection-errors.js'

/** The records of one master about the prefix; see `Generations`. */
export interface Records {
  /** The generation, such as `1.x8Kq02aB`: a number that only grows, and a random part. */
  readonly generation: string | undefined
  /** The number of epochs so far. */
  readonly epoch: number
  readonly runs: Runs
}

/** The records of one master as this process remembers them. */
export interface Remembered {
  /** Empty while there is no generation that values may carry. */
  readonly generation: string
  /** A void generation that the server still has because it refused to replace it. */
  readonly voided: string | undefined
  /** The highest epoch that this process has seen there. */
  readonly epoch: number
  /** The run of the server at that epoch; `undefined` where the server does not say. */
  readonly run: string | undefined
}

/** The runs of the server process: the current one, and the epoch at which each earlier run ended. */
export interface Runs {
  readonly current: string | undefined
  readonly ended: ReadonlyMap<string, number>
}

/** Earlier runs that are recorded. A process that missed more of them voids the prefix. */
const MAX_RUNS = 12
const RUN_LENGTH = 12
const MAX_EPOCH_DIGITS = 15

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
  return /^\d+$/.test(text) && text.length <= MAX_EPOCH_DIGITS
}

/**
 * Returns whether a server has lost records that this process has seen.
 *
 * A missing epoch shows that the server went back in time: it was restarted from an older snapshot, or a
 * replica that lagged behind became the master. The epoch alone does not show it for long, because it goes
 * on counting. So each run of the server process records at which epoch the run before it ended.
 */
export function wentBackInTime(known: Remembered, found: Records): boolean {
  if (known.voided !== undefined && found.generation === known.voided) return true
  if (known.generation === '') return false
  if (found.generation === undefined) return true
  const before = numberOf(known.generation)
  const now = numberOf(found.generation)
  // Another process has raised the generation, and knew at least as much.
  if (now > before) return false
  if (now < before || found.generation !== known.generation) return true
  const { current, ended } = found.runs
  if (known.run === undefined || current === undefined || current === known.run) {
    return found.epoch < known.epoch
  }
  return (ended.get(known.run) ?? -1) < known.epoch
}

/** Returns a generation that comes after all of these. */
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

/** Returns the line of the runs after another run has begun at this epoch. */
export function runsLine(place: string, runs: Runs, run: string, epoch: number): string {
  const ended = [...runs.ended]
  if (runs.current !== undefined) ended.push([runs.current, epoch])
  const words = ended.slice(-MAX_RUNS).map(([name, at]) => `${name}.${at}`)
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

/**
 * Reads several names as text.
 *
 * @returns `null` for a name that is absent or holds another type
 * @throws InfrastructureError (`BACKEND_MALFORMED_REPLY`) for anything but one text for each name
 */
export async function readTexts(
  client: RedisClient,
  names: readonly string[],
): Promise<(string | null)[]> {
  const reply: unknown = await client.mget(...names)
  const isList =
    Array.isArray(reply) &&
    reply.length === names.length &&
    reply.every((text) => text === null || typeof text === 'string')
  if (!isList) throw malformedReply('it must be a list of texts')
  return reply as (string | null)[]
}
