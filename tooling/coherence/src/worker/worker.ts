import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'
import { RunClock } from '../clock.js'
import { EventLog } from '../events/event-log.js'
import { SourceOfTruth } from '../workload/source-of-truth.js'
import { Workload } from '../workload/workload.js'
import { Counts } from './counts.js'
import type { FromWorker, Problem, ToWorker, WorkerConfig } from './messages.js'
import { Operations } from './operations.js'
import { StallWatch } from './stall-watch.js'
import { TestedCache } from './tested-cache.js'
import { Versions } from './versions.js'
import { NeverSettled, Watchdog } from './watchdog.js'

const FLUSH_EVERY_MS = 20
/**
 * Number of steps after which a lane yields, so that the process receives changes of other
 * processes.
 */
const STEPS_PER_TURN = 4

/** Pause after an error. Calls without Redis return immediately and would block the process. */
const PAUSE_AFTER_ERROR_MS = 10

/**
 * Time after the last fault within which a cache must use Redis again, and interval of the checks.
 */
const RECOVERY_MS = 5_000
const LOOKS_EVERY_MS = 20

/** Number of keys that are named if an operation fails. */
const MOST_NAMED = 10

const stopping = new AbortController()

function send(message: FromWorker): void {
  process.send?.(message)
}

function report(kind: Problem['kind'], error: unknown): void {
  send({ type: 'problem', problem: { kind, text: inspect(error) } })
}

interface Prepared {
  readonly run: () => Promise<void>
  /** Waits until the cache uses Redis again, or reports a problem. */
  readonly recover: () => Promise<void>
  /** Kills the process during its operations, after it has reported its counts. */
  readonly die: () => void
}

async function prepare(config: WorkerConfig): Promise<Prepared> {
  const clock = new RunClock(BigInt(config.clockOrigin))
  const counts = new Counts()
  const log = new EventLog((events) => {
    send({ type: 'events', events, completeUntil: clock.now(), operations: counts.total })
  })
  const cache = await TestedCache.open(config)
  const truth = new SourceOfTruth(config.truthUrl)
  const versions = new Versions(config.index, config.lastVersions)
  const { overlap } = config.workload
  const stalls = new StallWatch()
  const operations = new Operations({
    ...{ cache, truth, clock, log, counts, versions, stalls, overlap },
    signal: stopping.signal,
  })

  const recover = async (): Promise<void> => {
    const endsAt = performance.now() + RECOVERY_MS
    while (cache.lacks !== undefined && performance.now() < endsAt) await sleep(LOOKS_EVERY_MS)
    const { lacks } = cache
    if (lacks !== undefined) {
      report('never came back', `without ${lacks} ${RECOVERY_MS} ms after the last fault`)
    }
    send({ type: 'recovered' })
  }

  const run = async (): Promise<void> => {
    const watchdog = new Watchdog()
    const flushing = setInterval(() => log.flush(), FLUSH_EVERY_MS)
    const lanes = Array.from({ length: config.lanes + config.slowLanes }, (_, lane) =>
      runLane(config, lane, { operations, counts, watchdog }),
    )
    await Promise.all(lanes)
    watchdog.close()
    stalls.close()
    clearInterval(flushing)
    log.flush()
    await cache.close()
    await truth[Symbol.asyncDispose]()
    // After this message, nothing may keep the process alive.
    process.send?.({ type: 'done', counts } satisfies FromWorker, () => process.disconnect())
  }

  const die = (): void => {
    operations.halt()
    log.flush()
    const last: FromWorker = { type: 'dying', counts, lastVersions: versions.last }
    process.send?.(last, () => process.kill(process.pid, 'SIGKILL'))
  }
  return { run, recover, die }
}

interface LaneParts {
  readonly operations: Operations
  readonly counts: Counts
  readonly watchdog: Watchdog
}

async function runLane(
  { workload: options, seed, index, processes, lanes }: WorkerConfig,
  lane: number,
  { operations, counts, watchdog }: LaneParts,
): Promise<void> {
  const workload = new Workload(options, { seed, process: index, processes, lane })
  for (let count = 1; !stopping.signal.aborted; count++) {
    const step = lane < lanes ? workload.next() : workload.nextSlowLoad()
    const startedAt = performance.now()
    const what = `${step.operation} of key ${step.keys.slice(0, MOST_NAMED).join()}`
    let ok = false
    try {
      ok = await watchdog.watch(what, operations.perform(step))
    } catch (error) {
      report(error instanceof NeverSettled ? 'never settled' : 'failed', error)
    }
    counts.performed(step.operation, performance.now() - startedAt)
    const pauseMs = ok ? step.pauseMs : Math.max(step.pauseMs, PAUSE_AFTER_ERROR_MS)
    if (pauseMs > 0) await sleep(pauseMs)
    else if (count % STEPS_PER_TURN === 0) await nextTurn()
  }
}

let prepared: Prepared | undefined

async function obey(message: ToWorker): Promise<void> {
  if (message.type === 'prepare') {
    prepared = await prepare(message.config)
    send({ type: 'ready' })
  } else if (message.type === 'go') {
    await prepared?.run()
  } else if (message.type === 'recover') {
    await prepared?.recover()
  } else if (message.type === 'die') {
    prepared?.die()
  } else {
    stopping.abort()
  }
}

process.on('message', (message: ToWorker) => {
  obey(message).catch((error: unknown) => report('harness', error))
})
process.on('unhandledRejection', (error) => report('unhandled', error))
process.on('uncaughtException', (error) => report('unhandled', error))
// The parent has ended or all messages are sent. An abandoned worker must not continue.
process.on('disconnect', () => {
  if (!stopping.signal.aborted) process.exit(1)
})
