import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'
import { RunClock } from '../clock.js'
import { EventLog } from '../events/event-log.js'
import { SourceOfTruth } from '../workload/source-of-truth.js'
import { Workload } from '../workload/workload.js'
import { Counts } from './counts.js'
import type { FromWorker, ToWorker, Trouble, WorkerConfig } from './messages.js'
import { Operations } from './operations.js'
import { TestedCache } from './tested-cache.js'
import { Versions } from './versions.js'
import { NeverSettled, Watchdog } from './watchdog.js'

const FLUSH_EVERY_MS = 20
/** So that a lane that never waits for anything does not keep others from running. */
const STEPS_PER_TURN = 20

/** What Redis is no use to is answered at once; without a pause nothing else would be done then. */
const PAUSE_AFTER_TROUBLE_MS = 10

const stopping = new AbortController()

function tell(message: FromWorker): void {
  process.send?.(message)
}

function report(kind: Trouble['kind'], error: unknown): void {
  tell({ type: 'trouble', trouble: { kind, text: inspect(error) } })
}

async function prepare(config: WorkerConfig): Promise<() => Promise<void>> {
  const clock = new RunClock(BigInt(config.clockOrigin))
  const counts = new Counts()
  const log = new EventLog((events) => {
    tell({ type: 'events', events, completeUntil: clock.now(), operations: counts.total })
  })
  const cache = await TestedCache.open(config)
  const truth = new SourceOfTruth(config.truthUrl)
  const versions = new Versions(config.index, config.workload.keys)
  const { overlap } = config.workload
  const operations = new Operations({ cache, truth, clock, log, counts, versions, overlap })

  return async () => {
    const watchdog = new Watchdog()
    const flushing = setInterval(() => log.flush(), FLUSH_EVERY_MS)
    const lanes = Array.from({ length: config.lanes }, (_, lane) =>
      runLane(config, lane, { operations, counts, watchdog }),
    )
    await Promise.all(lanes)
    watchdog.close()
    clearInterval(flushing)
    log.flush()
    await cache.close()
    await truth[Symbol.asyncDispose]()
    // Once that is sent, nothing may keep the process alive.
    process.send?.({ type: 'done', counts } satisfies FromWorker, () => process.disconnect())
  }
}

interface LaneParts {
  readonly operations: Operations
  readonly counts: Counts
  readonly watchdog: Watchdog
}

async function runLane(
  { workload: options, seed, index, processes }: WorkerConfig,
  lane: number,
  { operations, counts, watchdog }: LaneParts,
): Promise<void> {
  const workload = new Workload(options, { seed, process: index, processes, lane })
  for (let count = 1; !stopping.signal.aborted; count++) {
    const step = workload.next()
    const startedAt = performance.now()
    const what = `${step.operation} of key ${step.keys.join()}`
    let ok = false
    try {
      ok = await watchdog.watch(what, operations.perform(step))
    } catch (error) {
      report(error instanceof NeverSettled ? 'never settled' : 'failed', error)
    }
    counts.performed(step.operation, performance.now() - startedAt)
    const thinkMs = ok ? step.thinkMs : Math.max(step.thinkMs, PAUSE_AFTER_TROUBLE_MS)
    if (thinkMs > 0) await sleep(thinkMs)
    else if (count % STEPS_PER_TURN === 0) await nextTurn()
  }
}

let run: (() => Promise<void>) | undefined

async function obey(message: ToWorker): Promise<void> {
  if (message.type === 'prepare') {
    run = await prepare(message.config)
    tell({ type: 'ready' })
  } else if (message.type === 'go') {
    await run?.()
  } else {
    stopping.abort()
  }
}

process.on('message', (message: ToWorker) => {
  obey(message).catch((error: unknown) => report('harness', error))
})
process.on('unhandledRejection', (error) => report('unhandled', error))
process.on('uncaughtException', (error) => report('unhandled', error))
// The parent is gone, or we have said all there is to say; an abandoned worker must not live on.
process.on('disconnect', () => {
  if (!stopping.signal.aborted) process.exit(1)
})
