import { setTimeout as sleep } from 'node:timers/promises'
import type { GetOrSetOptions, LoadContext } from '@verbatim/cache-core'
import type { VersionId } from '../checker/version.js'
import { MILLISECOND, type Nanoseconds, type RunClock } from '../clock.js'
import type { EventKind } from '../events/event-batch.js'
import type { EventLog } from '../events/event-log.js'
import { FOREIGN_NAMES, isLoadedSlowly, keyName, patternOf, tagsOf } from '../workload/keys.js'
import type { SourceOfTruth } from '../workload/source-of-truth.js'
import { isValueOf, type VersionedValue, versionedValue } from '../workload/versioned-value.js'
import type { Step } from '../workload/workload.js'
import type { Counts } from './counts.js'
import { KeyTurns } from './key-turns.js'
import { STALL_MS, type StallWatch } from './stall-watch.js'
import { type CallResult, DEFAULT_TTL_MS, type TestedCache } from './tested-cache.js'
import { Turn } from './turn.js'
import type { Versions } from './versions.js'

export interface OperationParts {
  readonly cache: TestedCache
  readonly truth: SourceOfTruth
  readonly clock: RunClock
  readonly log: EventLog
  readonly counts: Counts
  readonly versions: Versions
  readonly stalls: StallWatch
  /** Whether several writes of one key may be in flight. */
  readonly overlap: boolean
  /** Aborted when the process stops. */
  readonly signal: AbortSignal
}

const MOST_DOUBTFUL = 2
/** Number of batch reads in which each foreign name is read once. */
const READS_OF_MANY_PER_ROUND = 64
/** Long enough for one load of another process. */
const SLOW_LOAD_TIMEOUT = '8s'
const NEVER = new Promise<never>(() => undefined)

/** Start of a read. */
interface Begun {
  readonly start: Nanoseconds
  readonly stalled: boolean
}

type Change = (ids: readonly VersionId[]) => Promise<{ readonly ok: boolean }>

/** Performs steps, and logs their effects and times. */
export class Operations {
  readonly #parts: OperationParts
  readonly #turns = new KeyTurns()
  readonly #turn = new Turn()
  /** Keys whose last change failed. */
  #doubtful: readonly number[] = []
  #isHalted = false
  #readsOfMany = 0

  constructor(parts: OperationParts) {
    this.#parts = parts
  }

  /** Performs a step. Returns whether Redis was available. */
  perform(step: Step): Promise<boolean> {
    const [key = 0] = step.keys
    const { cache } = this.#parts
    const ttlMs = step.ttlMs ?? DEFAULT_TTL_MS
    switch (step.operation) {
      case 'get':
        return this.#get(key)
      case 'getMany':
        return this.#getMany(step.keys)
      case 'getOrSet':
        return isLoadedSlowly(key)
          ? this.#loadSlowly(key, ttlMs, step.loadMs)
          : this.#getOrSet(key, ttlMs, step.loadMs, {})
      case 'set':
        return this.#write('set began', [key], ttlMs, ([id]) =>
          cache.set(keyName(key), versionedValue(key, id as VersionId), ttlMs, tagsOf(key)),
        )
      case 'setMany':
        return this.#write('unordered set began', step.keys, ttlMs, (ids) =>
          cache.setMany(
            step.keys.map((each, index) => [
              keyName(each),
              versionedValue(each, ids[index] as VersionId),
            ]),
            ttlMs,
          ),
        )
      case 'delete':
        return this.#write('delete began', [key], 0, () => cache.delete(keyName(key)))
      case 'deleteMany':
        return this.#write('unordered delete began', step.keys, 0, () =>
          cache.deleteMany(step.keys.map(keyName)),
        )
      case 'invalidateTags':
        // A write in flight reads the versions of its tags before or after this call.
        return this.#write('unordered delete began', step.keys, 0, () =>
          cache.invalidateTags(step.tags),
        )
      case 'clear':
        return this.#write('delete began', step.keys, 0, () => cache.clear())
      default:
        return this.#write('delete began', step.keys, 0, () =>
          cache.invalidatePattern(patternOf(key)),
        )
    }
  }

  /** Stops the process from starting operations that would have to be logged. */
  halt(): void {
    this.#isHalted = true
  }

  async #get(key: number): Promise<boolean> {
    const begun = this.#beginReading()
    const result = await this.#parts.cache.get(keyName(key))
    this.#sawValue(key, begun, result.value, result)
    return result.ok
  }

  /** Reads keys, and some keys whose last change may be unconfirmed. */
  async #getMany(chosen: readonly number[]): Promise<boolean> {
    const keys = [...new Set([...chosen, ...this.#doubtful])]
    const begun = this.#beginReading()
    const foreign = this.#foreignName()
    const names = keys.map(keyName)
    const result = await this.#parts.cache.getMany(foreign ? [...names, foreign] : names)
    if (foreign && result.value?.has(foreign)) throw new Error(`${foreign} was served`)
    for (const key of keys) this.#sawValue(key, begun, result.value?.get(keyName(key)), result)
    return result.ok
  }

  /** Returns a foreign name for some reads only, because each read of it asks Redis. */
  #foreignName(): string | undefined {
    this.#readsOfMany++
    return FOREIGN_NAMES[this.#readsOfMany % READS_OF_MANY_PER_ROUND]
  }

  async #loadSlowly(key: number, ttlMs: number, loadMs: number): Promise<boolean> {
    const { signal } = this.#parts
    try {
      const timeout = { hard: SLOW_LOAD_TIMEOUT } as const
      return await this.#getOrSet(key, ttlMs, loadMs, { timeout, signal })
    } catch (error) {
      if (signal.aborted) return false
      throw error
    }
  }

  async #getOrSet(
    key: number,
    ttlMs: number,
    loadMs: number,
    patience: Pick<GetOrSetOptions, 'timeout' | 'signal'>,
  ): Promise<boolean> {
    const { cache, clock, counts } = this.#parts
    const begun = this.#beginReading()
    let loaded: VersionId | undefined
    const load = async (context: LoadContext): Promise<VersionedValue | null> => {
      const asked = await this.#ask(key, loadMs)
      if (asked === undefined) {
        context.skip()
        return null
      }
      loaded = asked
      counts.loads++
      if (isLoadedSlowly(key)) counts.slowLoads++
      this.#add('load began', key, asked, clock.now())
      return versionedValue(key, asked)
    }
    const options = { ttl: `${ttlMs}ms`, tags: tagsOf(key), ...patience } as const
    const result = await cache.getOrSet(keyName(key), load, options)
    const end = clock.now()
    if (loaded !== undefined) {
      const kind = result.ok ? 'load stored' : 'load failed'
      this.#add(kind, key, loaded, end, begun.start, ttlMs * MILLISECOND)
    }
    this.#sawValue(key, begun, result.value ?? undefined, result)
    return result.ok
  }

  async #ask(key: number, loadMs: number): Promise<VersionId | undefined> {
    const { signal, truth } = this.#parts
    const asked = await truth.read(key)
    if (loadMs > 0) await sleep(loadMs, undefined, isLoadedSlowly(key) ? { signal } : {})
    return asked
  }

  #write(
    kind: EventKind,
    keys: readonly number[],
    ttlMs: number,
    change: Change,
  ): Promise<boolean> {
    const write = (): Promise<boolean> => this.#writeNow(kind, keys, ttlMs, change)
    return this.#parts.overlap ? write() : this.#turns.run(keys, write)
  }

  /**
   * Writes to the source first and to the cache second, like every program with a cache and a
   * database.
   */
  async #writeNow(
    kind: EventKind,
    keys: readonly number[],
    ttlMs: number,
    change: Change,
  ): Promise<boolean> {
    const { clock, counts, truth, versions } = this.#parts
    if (this.#isHalted) return NEVER
    const ids = keys.map((key) => [key, versions.next(key)] as const)
    for (const [key, id] of ids) {
      const now = clock.now()
      this.#add(kind, key, id, now, now, ttlMs * MILLISECOND)
    }
    await truth.write(ids)
    for (const [key, id] of ids) versions.issue(key, id)
    let ok = false
    try {
      ;({ ok } = await change(ids.map(([, id]) => id)))
    } finally {
      if (ok) counts.writesOk++
      else {
        counts.writesIndeterminate++
        this.#doubtful = [...keys, ...this.#doubtful].slice(0, MOST_DOUBTFUL)
      }
      for (const [key, id] of ids) {
        this.#add(ok ? 'write succeeded' : 'write failed', key, id, clock.now())
      }
    }
    return ok
  }

  #beginReading(): Begun {
    const { clock, stalls } = this.#parts
    const now = clock.now()
    const turnStartedAt = this.#turn.startedAt(now)
    // In a stalled turn, the process knows only what it knew at the start of the turn.
    const hasStoodStill = now - turnStartedAt > STALL_MS * MILLISECOND
    return { start: hasStoodStill ? turnStartedAt : now, stalled: stalls.isStalled }
  }

  #sawValue(
    key: number,
    { start, stalled }: Begun,
    value: VersionedValue | undefined,
    { ok, degraded }: Omit<CallResult<unknown>, 'value'>,
  ): void {
    const { clock, counts } = this.#parts
    if (value === undefined) {
      if (ok) counts.misses++
      else counts.refused++
      return
    }
    counts.hits++
    if (stalled) counts.hitsAfterStalls++
    const kind = isValueOf(key, value) ? readKind(stalled, degraded) : 'foreign read'
    this.#add(kind, key, value, clock.now(), start)
  }

  #add(
    kind: EventKind,
    key: number,
    { writer, number }: VersionId,
    end: Nanoseconds,
    start = end,
    ttl: Nanoseconds = 0,
  ): void {
    if (this.#isHalted) return
    this.#parts.log.add({ kind, key, writer, number, start, end, ttl })
  }
}

function readKind(stalled: boolean, degraded: boolean): EventKind {
  if (degraded) return 'degraded read'
  return stalled ? 'stalled read' : 'read'
}
