import { isDeepStrictEqual } from 'node:util'
import { openLoop } from '../../harness/load.js'
import { measureThroughput } from '../../harness/throughput.js'
import { readCounters } from '../redis-traffic.js'
import type { Figure } from '../run-report.js'
import type { CellContext, Scenario } from '../scenario.js'
import { makeSizedValue, type ValueKind } from '../sized-values.js'
import { makeKeys } from '../values.js'

const KEYS = 1_000
/** Number of callers of each measurement. */
export const CALLERS: readonly number[] = [1, 8, 64, 512]
const WARMUP_CALLERS = 64
const KINDS: readonly ValueKind[] = ['text', 'structured']
const SIZES: readonly (readonly [name: string, bytes: number])[] = [
  ['100 B', 100],
  ['1 KB', 1_024],
  ['10 KB', 10_240],
]
/** Shares of the highest rate of one caller. */
export const RATE_SHARES: readonly number[] = [0.1, 0.5]

/** Name of the scenario with the latency of one caller at fixed rates. */
export const PACED_SCENARIO = 'paced latency'

type Operations = Readonly<Record<'get' | 'set', (call: number) => Promise<unknown>>>

/** Scenarios with many callers of values of one kind and size. */
export const THROUGHPUT_SCENARIOS: Readonly<Record<string, Scenario>> = Object.fromEntries(
  KINDS.flatMap((kind) =>
    SIZES.map(([size, bytes]): [string, Scenario] => [
      `throughput, ${kind}, ${size}`,
      {
        title: `get and set of 1 to 512 callers, ${kind} values of ${size} as JSON`,
        needs: ['get', 'set'],
        tier: 'redis',
        run: (context) => throughput(context, kind, bytes),
      },
    ]),
  ),
)

/** Scenarios about the latency of one caller. */
export const PACED_SCENARIOS: Readonly<Record<string, Scenario>> = {
  [PACED_SCENARIO]: {
    title: 'get and set of 1 KB at 10 % and 50 % of the highest rate of one caller',
    needs: ['get', 'set'],
    tier: 'redis',
    run: pacedLatency,
  },
}

async function throughput(context: CellContext, kind: ValueKind, bytes: number): Promise<Figure[]> {
  const operations = await filled(context, kind, bytes)
  const figures: Figure[] = []
  for (const callers of CALLERS) {
    for (const [name, operation] of Object.entries(operations)) {
      figures.push(...(await measured(context, figureName(name, callers), operation, callers)))
    }
  }
  return figures
}

/** Returns the name of the calls per second of an operation. */
export function figureName(operation: string, callers: number): string {
  return `${operation}, ${callersText(callers)}`
}

export function callersText(callers: number): string {
  return callers === 1 ? '1 caller' : `${callers} callers`
}

/** Measures the calls per second, and what a call costs in Redis and in this process. */
async function measured(
  { redis, budgetMs }: CellContext,
  name: string,
  operation: (call: number) => Promise<unknown>,
  callers: number,
): Promise<Figure[]> {
  await measureThroughput(operation, { callers, durationMs: budgetMs / 4 })
  const before = redis && (await readCounters(redis))
  const result = await measureThroughput(operation, { callers, durationMs: budgetMs })
  const value = result.callsPerSecond
  const rate: Figure = { name, unit: '1/s', better: 'higher', value }
  if (redis === undefined || before === undefined) return [rate]
  const after = await readCounters(redis)
  const perCall = (total: number): number => Math.max(0, total) / result.calls
  const cost = (what: string, unit: Figure['unit'], each: number): Figure => {
    return { name: `${name}: ${what}`, unit, better: 'lower', value: each }
  }
  return [
    rate,
    cost('Redis CPU', 'ns', perCall(after.cpuSeconds - before.cpuSeconds) * 1e9),
    cost('process CPU', 'ns', result.cpuMicroseconds * 1e3),
    // The first read of the counters is one of the commands.
    cost('commands', 'count', perCall(after.commands - before.commands - 1)),
  ]
}

async function pacedLatency(context: CellContext): Promise<Figure[]> {
  const operations = await filled(context, 'structured', 1_024)
  const figures: Figure[] = []
  for (const [name, operation] of Object.entries(operations)) {
    await measureThroughput(operation, { durationMs: context.budgetMs })
    const { callsPerSecond: value } = await measureThroughput(operation, {
      durationMs: context.budgetMs,
    })
    figures.push({ name: `${name}: highest rate`, unit: '1/s', better: 'higher', value })
    for (const share of RATE_SHARES) {
      const { latencies, failed } = await openLoop(operation, {
        ratePerSecond: share * value,
        durationMs: 5 * context.budgetMs,
      })
      if (failed > 0) throw new Error(`${failed} calls failed`)
      const { p50, p99 } = latencies.percentiles()
      const start = `${name} at ${share * 100} %`
      const histogram = latencies.encode()
      figures.push(
        { name: `${start}: p50`, unit: 'ms', better: 'lower', value: p50, histogram },
        { name: `${start}: p99`, unit: 'ms', better: 'lower', value: p99 },
      )
    }
  }
  return figures
}

/** Fills a cache, checks its values, and runs both operations until their code is compiled. */
async function filled(context: CellContext, kind: ValueKind, bytes: number): Promise<Operations> {
  const subject = await context.create({ maxSize: 2 * KEYS })
  const keys = makeKeys(KEYS)
  const values = keys.map((_, index) => makeSizedValue(kind, bytes, index))
  const keyAt = (call: number): string => keys[call % KEYS] ?? ''
  const set = (call: number): Promise<unknown> => {
    return subject.set?.(keyAt(call), values[call % KEYS]) ?? Promise.resolve()
  }
  const get = async (call: number): Promise<unknown> => {
    const value = await subject.get?.(keyAt(call))
    if (value === undefined || value === null) throw new Error(`${keyAt(call)} was not found`)
    return value
  }
  for (let call = 0; call < KEYS; call += WARMUP_CALLERS) {
    const count = Math.min(WARMUP_CALLERS, KEYS - call)
    await Promise.all(Array.from({ length: count }, (_, index) => set(call + index)))
  }
  for (const [call, value] of values.entries()) {
    if (!isDeepStrictEqual(await get(call), value)) throw new Error('get returned another value')
  }
  for (const operation of [get, set]) {
    const load = { callers: WARMUP_CALLERS, durationMs: context.budgetMs }
    await measureThroughput(operation, load)
  }
  return { get, set }
}
