import { setTimeout as sleep } from 'node:timers/promises'
import { type FaultProxy, startFaultProxy } from '@verbatim/fault-proxy'
import { type RedisServer, startRedis } from '@verbatim/test-support'
import { bugNamed } from './bugs/bugs.js'
import { BuildCopy } from './bugs/build-copy.js'
import { RunClock, SECOND } from './clock.js'
import { chosenFaults } from './nemesis/chosen-faults.js'
import type { Fault } from './nemesis/fault.js'
import { foreignData, valuesCopied } from './nemesis/foreign-faults.js'
import { Nemesis } from './nemesis/nemesis.js'
import { networkFaults } from './nemesis/network-faults.js'
import { type Processes, processFaults } from './nemesis/process-faults.js'
import { schedule } from './nemesis/schedule.js'
import { serverFaults } from './nemesis/server-faults.js'
import { snapshotFaults } from './nemesis/snapshot-faults.js'
import { OnlineCheck } from './online-check.js'
import type { CoherenceReport } from './report.js'
import type { RunOptions } from './run-options.js'
import { totalOf } from './worker/counts.js'
import type { WorkerConfig, WorkerCounts } from './worker/messages.js'
import { WorkerProcess } from './worker/worker-process.js'
import { KEYS_PER_SLOW_PAIR } from './workload/keys.js'

/** Number of the process that reaches the server through the proxy. */
const PROXIED = 0

/** Number of lanes per process that run only slow loads. */
const SLOW_LANES = 2

/** The time between two reports of the progress. */
const PROGRESS_MS = 60_000

/** Operations and faults so far. */
export interface Progress {
  readonly operations: number
  readonly faults: number
}

/**
 * Lets processes read and write through their caches while faults occur, and checks their reads.
 *
 * @param onProgress - called every minute
 * @throws Error if a process or a server does not start
 */
export async function runCoherence(
  options: RunOptions,
  onProgress: (progress: Progress) => void = () => {},
): Promise<CoherenceReport> {
  const bug = options.bug === undefined ? undefined : bugNamed(options.bug)
  await using build = await BuildCopy.make(bug)
  await using server = await startRedis()
  await using truth = await startRedis()
  await using proxy = options.networkFaults
    ? await startFaultProxy({ target: server.port })
    : undefined
  await using run = new CoherenceRun(options, { build, server, truth, proxy })
  const timer = setInterval(() => onProgress(run.progress), PROGRESS_MS)
  try {
    return await run.run()
  } finally {
    clearInterval(timer)
  }
}

interface Surroundings {
  readonly build: BuildCopy
  readonly server: RedisServer
  readonly truth: RedisServer
  /** Proxy between the server and one of the processes. */
  readonly proxy: FaultProxy | undefined
}

class CoherenceRun implements AsyncDisposable {
  readonly #options: RunOptions
  readonly #surroundings: Surroundings
  readonly #clock = new RunClock()
  readonly #stopping = new AbortController()
  readonly #check: OnlineCheck
  readonly #workers: WorkerProcess[]
  /** Last versions of killed writers, by process. */
  readonly #lastVersions: (readonly number[])[] = []
  /** Counts of killed processes. */
  readonly #counts: WorkerCounts[] = []
  #wasCaught = false

  constructor(options: RunOptions, surroundings: Surroundings) {
    this.#options = options
    this.#surroundings = surroundings
    this.#check = new OnlineCheck(options, this.#clock, () => {
      if (!options.stopsAtFirstViolation) return
      this.#wasCaught = true
      this.#stopping.abort()
    })
    this.#workers = Array.from({ length: options.processes }, (_, index) => this.#start(index))
  }

  get progress(): Progress {
    const { operations, faults } = this.#check
    return { operations, faults }
  }

  async run(): Promise<CoherenceReport> {
    const { faults: names, seed } = this.#options
    const faults = chosenFaults(this.#faults(), names)
    await Promise.all(this.#workers.map((worker) => worker.ready()))
    const startedAt = this.#clock.now()
    for (const worker of this.#workers) worker.go()
    const nemesis = new Nemesis(this.#check.timeline, this.#clock)
    const raging = nemesis.run(schedule(faults, seed), this.#stopping.signal)
    // The operations until then are still checked and reported.
    const raged = raging.catch((error: unknown) => this.#endByFault(error))
    await this.#timeIsUp()
    await raged
    if (!this.#wasCaught) await Promise.all(this.#workers.map((worker) => worker.recovered()))
    const counts = await Promise.all(this.#workers.map((worker) => worker.stop()))
    this.#counts.push(...counts.filter((each) => each !== undefined))
    const seconds = (this.#clock.now() - startedAt) / SECOND
    for (const { index } of this.#workers) this.#check.close(index)
    return {
      options: this.#options,
      seconds,
      counts: totalOf(this.#counts),
      ...this.#check.report(startedAt),
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker[Symbol.asyncDispose]()))
  }

  #start(index: number): WorkerProcess {
    return new WorkerProcess(this.#configFor(index), {
      events: (worker, message) => {
        this.#check.take(worker, message)
        if (this.#hasDoneEnough()) this.#stopping.abort()
      },
      problem: (worker, problem) => this.#check.addProblem(worker, problem),
    })
  }

  #faults(): Fault[] {
    const { server, proxy } = this.#surroundings
    const { foreignData: isForeign, keys, snapshots, snapshotSeconds } = this.#options
    const processes = this.#processes()
    return [
      ...serverFaults(server),
      valuesCopied(server, keys),
      ...(isForeign ? [foreignData(server, (text) => this.#reportForeignChange(text))] : []),
      ...(snapshots ? snapshotFaults(server, processes, snapshotSeconds * 1_000) : []),
      ...processFaults(processes),
      ...(proxy === undefined ? [] : networkFaults(proxy, PROXIED)),
    ]
  }

  /** Ends the run because a fault could not be started. The process is unknown, so it is reported for this one. */
  #endByFault(error: unknown): void {
    this.#check.addProblem(PROXIED, { kind: 'harness', text: String(error) })
    this.#stopping.abort()
  }

  #reportForeignChange(text: string): void {
    // The process is unknown, so the problem is reported for this one.
    this.#check.addProblem(PROXIED, { kind: 'foreign data changed', text })
  }

  #processes(): Processes {
    return {
      count: this.#workers.length,
      freeze: (index) => this.#workers[index]?.freeze(),
      thaw: (index) => this.#workers[index]?.thaw(),
      kill: (index) => this.#kill(index),
      replace: (index) => this.#replace(index),
    }
  }

  async #kill(index: number): Promise<void> {
    const last = await this.#workers[index]?.die()
    if (last === undefined) return
    this.#lastVersions[index] = last.lastVersions
    this.#counts.push(last.counts)
    this.#check.processEnded(index, this.#clock.now())
  }

  async #replace(index: number): Promise<void> {
    const worker = this.#start(index)
    this.#workers[index] = worker
    await worker.ready()
    this.#check.processBegins(index, this.#clock.now())
    worker.go()
  }

  #hasDoneEnough(): boolean {
    const { operations, faultCount } = this.#options
    return this.#check.operations >= operations && this.#check.faults >= faultCount
  }

  async #timeIsUp(): Promise<void> {
    const { signal } = this.#stopping
    await sleep(this.#options.seconds * 1_000, undefined, { signal }).catch(() => undefined)
    this.#stopping.abort()
  }

  #configFor(index: number): WorkerConfig {
    const { processes, lanes, seed, memory, commandTimeoutMs } = this.#options
    const { keys, coldKeys, sharing, loads, overlap, pauseMs } = this.#options
    const { build, server, truth, proxy = server } = this.#surroundings
    return {
      ...{ index, processes, lanes, seed, memory, commandTimeoutMs },
      slowLanes: loads && sharing === 'shared' && keys >= KEYS_PER_SLOW_PAIR ? SLOW_LANES : 0,
      lastVersions: this.#lastVersions[index] ?? Array.from({ length: keys + coldKeys }, () => 0),
      clockOrigin: String(this.#clock.origin),
      cacheModule: build.module,
      redisUrl: index === PROXIED ? proxy.url : server.url,
      truthUrl: truth.url,
      // Half of the processes use each of the two error policies.
      onBackendError: index % 2 === 0 ? 'degrade' : 'throw',
      workload: { keys, coldKeys, sharing, loads, overlap, pauseMs },
    }
  }
}
