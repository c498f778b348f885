// Runs one cell, or the correctness gate, in a process of its own. The parent sends the specification.
import { once } from 'node:events'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { isError } from '@verbatim/cache-core/implement'
import { Redis } from 'ioredis'
import { median } from '../harness/confidence.js'
import type { CellOutput, CellSpecification } from './cell-protocol.js'
import { checkSubject } from './gate.js'
import { referenceDuration } from './reference.js'
import type { Figure } from './run-report.js'
import { OPERATION_SCENARIOS } from './scenarios/operations.js'
import { SCENARIOS } from './scenarios.js'
import {
  loadModule,
  loadSubject,
  type Subject,
  type SubjectOptions,
  type SubjectReference,
  withoutUrls,
} from './subject.js'

const TTL_MS = 600_000
const KEYS = 1_000

process.once('message', (specification: CellSpecification) => {
  void run(specification)
    .catch((error: unknown): CellOutput => ({ error: reasonOf(error) }))
    .then((output) => process.send?.({ output }, () => process.exit()))
})
// A cache that throws outside of a call must not end the process without a reason.
for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(event, (error: unknown) => {
    process.send?.({ output: { error: reasonOf(error) } }, () => process.exit())
  })
}

async function run(specification: CellSpecification): Promise<CellOutput> {
  const { subject, task, seed, budgetMs, redisUrl, keyPrefix } = specification
  if (task === 'list') return { variants: await variantsOf(subject.module) }
  const variant = await loadSubject(subject)
  const base = { ttlMs: TTL_MS, maxSize: 2 * KEYS, redisUrl, keyPrefix }
  if (task === 'gate') return { gate: await checkSubject(variant, base) }
  const { needs, run: runScenario } = scenarioOf(task.scenario)
  const opened: Subject[] = []
  const create = async (changes: Partial<SubjectOptions> = {}): Promise<Subject> => {
    const created = await variant.create({ load: async () => undefined, ...base, ...changes })
    opened.push(created)
    const missing = needs.filter((name) => created[name] === undefined)
    if (missing.length > 0) throw new NotSupportedError(missing)
    return created
  }
  const isWithRedis = subject.tier === 'redis' && redisUrl !== undefined
  const redis = isWithRedis ? new Redis(redisUrl, { lazyConnect: true }) : undefined
  await redis?.connect()
  const delays = monitorEventLoopDelay({ resolution: 10 })
  const barrier = async (): Promise<void> => {
    if (!specification.isTogether) return
    process.send?.({ isReady: true })
    await once(process, 'message')
  }
  try {
    const referenceNs = await referenceDuration()
    delays.enable()
    const figures = await runScenario({
      ...{ create, tier: subject.tier, seed, budgetMs, redis, redisUrl, barrier },
    })
    delays.disable()
    const broken = figures.find(({ value }) => !Number.isFinite(value))
    if (broken !== undefined) throw new Error(`${broken.name} is not a number`)
    const after = await referenceDuration()
    // A loop of promises without a pause blocks the event loop, whatever the cache does.
    const isPaced = !(task.scenario in OPERATION_SCENARIOS)
    const delay: Figure = {
      name: 'event loop delay, p99',
      unit: 'ms',
      better: 'none',
      value: delays.percentile(99) / 1e6,
    }
    return {
      figures: isPaced ? [...figures, delay] : figures,
      referenceNs: median([referenceNs, after]),
    }
  } catch (error) {
    if (error instanceof NotSupportedError) return { isUnsupported: true }
    throw error
  } finally {
    for (const each of opened) await each.close?.()
    redis?.disconnect()
  }
}

async function variantsOf(module: string): Promise<SubjectReference[]> {
  const { variants = {} } = await loadModule(module)
  return Object.entries(variants).map(([name, variant]) => {
    const { tier, setup = 'stock', isUnbounded = false, isFloor = false } = variant
    return { name, module, variant: name, tier, setup, isUnbounded, isFloor, versions: {} }
  })
}

class NotSupportedError extends Error {
  constructor(missing: readonly string[]) {
    super(`the cache has no ${missing.join(', ')}`)
  }
}

function scenarioOf(name: string): (typeof SCENARIOS)[string] {
  const scenario = SCENARIOS[name]
  if (scenario === undefined) throw new Error(`there is no scenario ${name}`)
  return scenario
}

function reasonOf(error: unknown): string {
  return isError(error) ? withoutUrls(error.message) : 'unknown error'
}
