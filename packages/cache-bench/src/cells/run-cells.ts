import { randomUUID } from 'node:crypto'
import { loadavg, totalmem } from 'node:os'
import { Redis } from 'ioredis'
import { currentEnvironment } from '../benchmark-result.js'
import { SeededRandom } from '../seeded-random.js'
import type { CellOutput, CellSpecification } from './cell-protocol.js'
import { runProcess, runTogether } from './run-process.js'
import type { CellResult, Figure, MeasuredCache, RunReport } from './run-report.js'
import { SCENARIOS } from './scenarios.js'
import type { FailedReference, SubjectReference } from './subject.js'

/** Options of {@link runCells}. */
export interface RunCellsOptions {
  readonly subjects: readonly SubjectReference[]
  /** Caches that cannot be loaded. They become rows with their error. */
  readonly failed?: readonly FailedReference[]
  /** Names of scenarios. */
  readonly scenarios: readonly string[]
  /** Number of fresh processes per cell. */
  readonly processes: number
  readonly seed: number
  /** Time that each measurement takes, in milliseconds. */
  readonly budgetMs: number
  readonly redisUrl: string | undefined
  /** Minutes after which no cell starts. */
  readonly maxMinutes: number
  /** Stops the run. The report then contains the finished cells. */
  readonly signal: AbortSignal
  readonly onProgress: (line: string) => void
}

interface Cell {
  readonly subject: SubjectReference
  readonly scenario: string
  readonly process: number
}

const BYTES_PER_MB = 1_048_576

/**
 * Runs the correctness gate for each cache, then each scenario with each cache in fresh processes. The order is
 * random, and the same for the same `seed`. A cell that fails has an error, and the others still run.
 */
export async function runCells(options: RunCellsOptions): Promise<RunReport> {
  const { subjects, scenarios, processes, seed, redisUrl, signal, onProgress } = options
  const startedAt = performance.now()
  const date = new Date().toISOString()
  const loadAtStart = loadavg()[0] ?? 0
  const redisVersion = await versionOf(redisUrl)
  const caches: MeasuredCache[] = (options.failed ?? []).map(({ name, error }) => {
    return { name, tier: 'memory', setup: 'stock', versions: {}, failures: [error] }
  })
  for (const subject of subjects) {
    if (signal.aborted) break
    onProgress(`gate: ${subject.name}`)
    caches.push(await checked(subject, options))
  }
  const sound = new Set(
    caches.filter(({ failures }) => failures.length === 0).map(({ name }) => name),
  )
  const cells = subjects
    .filter(({ name }) => sound.has(name))
    .flatMap((subject) => cellsOf(subject, scenarios))
  const results: CellResult[] = []
  const isOver = (): boolean => {
    return signal.aborted || performance.now() - startedAt > options.maxMinutes * 60_000
  }
  // Every cell runs once before any runs again, so that a run that is stopped has all cells.
  const runs = Array.from({ length: processes }, (_, process) => {
    const round = cells
      .filter(({ scenario }) => process === 0 || SCENARIOS[scenario]?.isOnce !== true)
      .map((cell) => Object.assign({ process }, cell))
    new SeededRandom(seed + process).shuffle(round)
    return round
  }).flat()
  let isPartial = false
  for (const [index, cell] of runs.entries()) {
    isPartial = isOver()
    if (isPartial) break
    onProgress(`${index + 1} of ${runs.length}: ${cell.subject.name}, ${cell.scenario}`)
    const result = await runCell(cell, options)
    if (result !== undefined && !signal.aborted) results.push(result)
  }
  isPartial ||= signal.aborted
  return {
    format: 'cache-bench-run',
    formatVersion: 1,
    date,
    durationMs: performance.now() - startedAt,
    seed,
    scenarios,
    budgetMs: options.budgetMs,
    processes,
    environment: currentEnvironment(),
    memoryMb: Math.round(totalmem() / BYTES_PER_MB),
    load: [loadAtStart, loadavg()[0] ?? 0],
    ...(redisVersion !== undefined && { redisVersion }),
    isPartial,
    caches,
    cells: results,
  }
}

function cellsOf(subject: SubjectReference, scenarios: readonly string[]): Omit<Cell, 'process'>[] {
  return scenarios
    .filter((scenario) => {
      const { tier = subject.tier } = SCENARIOS[scenario] ?? {}
      return tier === subject.tier
    })
    .map((scenario) => ({ subject, scenario }))
}

async function checked(
  subject: SubjectReference,
  options: RunCellsOptions,
): Promise<MeasuredCache> {
  const specification = specificationOf(subject, 'gate', options)
  const output = await runProcess(specification, options.signal)
  await removeKeys(specification)
  const { name, tier, setup = 'stock', isUnbounded = false, isFloor = false, versions } = subject
  const { isolation, failures = [output.error ?? 'the gate did not finish'] } = output.gate ?? {}
  const cache = { name, tier, setup, isUnbounded, isFloor, versions, failures }
  return isolation === undefined ? cache : { ...cache, isolation }
}

/** Returns `undefined` for a cache that lacks a function which the scenario needs. */
async function runCell(cell: Cell, options: RunCellsOptions): Promise<CellResult | undefined> {
  const { subject, scenario, process } = cell
  const { together = 1 } = SCENARIOS[scenario] ?? {}
  const specification = specificationOf(subject, { scenario }, options, together > 1)
  const outputs =
    together === 1
      ? [await runProcess(specification, options.signal)]
      : await runTogether(specification, together, options.signal)
  await removeKeys(specification)
  if (outputs.some(({ isUnsupported }) => isUnsupported)) return undefined
  const place = { cache: subject.name, scenario, process }
  const error = outputs.find((output) => output.error !== undefined)?.error
  if (error !== undefined) return { ...place, figures: [], error }
  const [first] = outputs
  const figures = outputs.length === 1 ? (first?.figures ?? []) : combined(outputs)
  const { referenceNs } = first ?? {}
  return referenceNs === undefined ? { ...place, figures } : { ...place, figures, referenceNs }
}

function specificationOf(
  subject: SubjectReference,
  task: CellSpecification['task'],
  { seed, budgetMs, redisUrl }: RunCellsOptions,
  isTogether = false,
): CellSpecification {
  const keyPrefix = `cache-bench:${randomUUID().slice(0, 8)}:`
  return { subject, task, seed, budgetMs, redisUrl, keyPrefix, isTogether }
}

/** Counts are summed over processes, durations are those of the slowest process. */
function combined(outputs: readonly CellOutput[]): Figure[] {
  const [first, ...others] = outputs
  return (first?.figures ?? []).map((figure, index): Figure => {
    const values = [figure, ...others.map((output) => output.figures?.[index])].map(
      (each) => each?.value ?? 0,
    )
    const sum = values.reduce((total, value) => total + value, 0)
    const { name, unit, better } = figure
    return { name, unit, better, value: unit === 'count' ? sum : Math.max(...values) }
  })
}

/** Deletes every key that contains the prefix of the cell, because some caches write before the prefix. */
async function removeKeys({ subject, redisUrl, keyPrefix }: CellSpecification): Promise<void> {
  if (subject.tier !== 'redis' || redisUrl === undefined) return
  await withRedis(redisUrl, async (redis) => {
    const stream = redis.scanStream({ match: `*${keyPrefix}*`, count: 1_000 })
    for await (const keys of stream as AsyncIterable<string[]>) {
      if (keys.length > 0) await redis.unlink(...keys)
    }
  })
}

async function versionOf(redisUrl: string | undefined): Promise<string | undefined> {
  if (redisUrl === undefined) return undefined
  return withRedis(redisUrl, async (redis) => {
    return /redis_version:(\S+)/.exec(await redis.info('server'))?.[1]
  })
}

async function withRedis<Result>(
  redisUrl: string,
  action: (redis: Redis) => Promise<Result>,
): Promise<Result> {
  const redis = new Redis(redisUrl, {
    lazyConnect: true,
    maxRetriesPerRequest: 1,
    retryStrategy: () => null,
  })
  redis.on('error', () => undefined)
  try {
    await redis.connect()
    return await action(redis)
  } finally {
    redis.disconnect()
  }
}
