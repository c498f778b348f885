import { setTimeout as sleep } from 'node:timers/promises'
import type { GetOrSetOptions, LoadContext } from '@verbatim/cache-core'
import type { VersionId } from '../checker/version.js'
import { MILLISECOND, type Nanoseconds, type RunClock } from '../clock.js'
import type { EventKind } from '../events/event-batch.js'
import type { EventLog } from '../events/event-log.js'
import { FOREIGN_NAMES, isLoadedSlowly, keyName, patternOf, tagsOf } from '../workload/keys.js'
import type { SourceOfTruth } from '../workload/source-of-truth.js'
import { isValueOf, type StampedValue, stampedValue } from '../workload/stamped-value.js'
import type { Step } from '../workload/workload.js'
import type { Counts } from './counts.js'
import { KeyTurns } from './key-turns.js'
import { STALL_MS, type StallWatch } from './stall-watch.js'
import { type CallResult, DEFAULT_LIFE_MS, type TestedCache } from './tested-cache.js'
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
  /** Whether several writes of one key may be under way at a time. */
  readonly overlap: boolean
  /** Aborted when the process is to stop. */
  readonly signal: AbortSignal
}

const MOST_DOUBTFUL = 2
/** In which each foreign name is read once. */
const READS_OF_MANY_PER_ROUND = 64
/** Long enough for one other process to load first. */
const SLOW_LOAD_TIMEOUT = '8s'
const NEVER = new Promise<never>(() => undefined)

/** How a read began. */
interface Begun {
  readonly start: Nanoseconds
  readonly stalled: boolean
}

type Change = (ids: readonly VersionId[]) => Promise<{ readonly ok: boolean }>

/** Carries out steps, and logs what they did and when. */
export class Operations {
  readonly #parts: OperationParts
  readonly #turns = new KeyTurns()
  readonly #turn = new Turn()
  /** The keys whose changes failed last. */
  #doubtful: readonly number[] = []
  #isHalted = false
  #readsOfMany = 0

  constructor(parts: OperationParts) {
    this.#parts = parts
  }

  /** Answers whether Redis was of use. */
  perform(step: Step): Promise<boolean> {
    const [key = 0] = step.keys
    const { cache } = this.#parts
    const lifeMs = step.lifeMs ?? DEFAULT_LIFE_MS
    switch (step.operation) {
      case 'get':
        return this.#get(key)
      case 'getMany':
        return this.#getMany(step.keys)
      case 'getOrSet':
        return isLoadedSlowly(key)
          ? this.#loadSlowly(key, lifeMs, step.loadMs)
          : this.#getOrSet(key, lifeMs, step.loadMs, {})
      case 'set':
        return this.#write('set began', [key], lifeMs, ([id]) =>
          cache.set(keyName(key), stampedValue(key, id as VersionId), lifeMs, tagsOf(key)),
        )
      case 'setMany':
        return this.#write('unordered set began', step.keys, lifeMs, (ids) =>
          cache.setMany(
            step.keys.map((each, index) => [
              keyName(each),
              stampedValue(each, ids[index] as VersionId),
            ]),
            lifeMs,
          ),
        )
      case 'delete':
        return this.#write('delete began', [key], 0, () => cache.delete(keyName(key)))
      case 'deleteMany':
        return this.#write('unordered delete began', step.keys, 0, () =>
          cache.deleteMany(step.keys.map(keyName)),
        )
      case 'invalidateTags':
        // A write that is under way takes the versions of its tags before or after this.
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

  /** Keeps the process from beginning anything more that would have to be logged. */
  halt(): void {
    this.#isHalted = true
  }

  async #get(key: number): Promise<boolean> {
    const begun = this.#beginReading()
    const result = await this.#parts.cache.get(keyName(key))
    this.#sawValue(key, begun, result.value, result)
    return result.ok
  }

  /** Reads keys, and some whose last change may be unconfirmed. */
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

  /** Seldom, for Redis has to be asked about it each time. */
  #foreignName(): string | undefined {
    this.#readsOfMany++
    return FOREIGN_NAMES[this.#readsOfMany % READS_OF_MANY_PER_ROUND]
  }

  async #loadSlowly(key: number, lifeMs: number, loadMs: number): Promise<boolean> {
    const { signal } = this.#parts
    try {
      const timeout = { hard: SLOW_LOAD_TIMEOUT } as const
      return await this.#getOrSet(key, lifeMs, loadMs, { timeout, signal })
    } catch (error) {
      if (signal.aborted) return false
      throw error
    }
  }

  async #getOrSet(
    key: number,
    lifeMs: number,
    loadMs: number,
    patience: Pick<GetOrSetOptions, 'timeout' | 'signal'>,
  ): Promise<boolean> {
    const { cache, clock, counts } = this.#parts
    const begun = this.#beginReading()
    let loaded: VersionId | undefined
    const load = async (context: LoadContext): Promise<StampedValue | null> => {
      const asked = await this.#ask(key, loadMs)
      if (asked === undefined) {
        context.skip()
        return null
      }
      loaded = asked
      counts.loads++
      if (isLoadedSlowly(key)) counts.slowLoads++
      this.#add('load began', key, asked, clock.now())
      return stampedValue(key, asked)
    }
    const options = { ttl: `${lifeMs}ms`, tags: tagsOf(key), ...patience } as const
    const result = await cache.getOrSet(keyName(key), load, options)
    const end = clock.now()
    if (loaded !== undefined) {
      const kind = result.ok ? 'load stored' : 'load failed'
      this.#add(kind, key, loaded, end, begun.start, lifeMs * MILLISECOND)
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
    lifeMs: number,
    change: Change,
  ): Promise<boolean> {
    const write = (): Promise<boolean> => this.#writeNow(kind, keys, lifeMs, change)
    return this.#parts.overlap ? write() : this.#turns.run(keys, write)
  }

  /** The source first, then the cache, as whoever keeps a cache beside a database must. */
  async #writeNow(
    kind: EventKind,
    keys: readonly number[],
    lifeMs: number,
    change: Change,
  ): Promise<boolean> {
    const { clock, counts, truth, versions } = this.#parts
    if (this.#isHalted) return NEVER
    const ids = keys.map((key) => [key, versions.next(key)] as const)
    for (const [key, id] of ids) {
      const now = clock.now()
      this.#add(kind, key, id, now, now, lifeMs * MILLISECOND)
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
    // In a turn that stood still it can know no more than at its beginning.
    const hasStoodStill = now - turnStartedAt > STALL_MS * MILLISECOND
    return { start: hasStoodStill ? turnStartedAt : now, stalled: stalls.isStalled }
  }

  #sawValue(
    key: number,
    { start, stalled }: Begun,
    value: StampedValue | undefined,
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
    life: Nanoseconds = 0,
  ): void {
    if (this.#isHalted) return
    this.#parts.log.add({ kind, key, writer, number, start, end, life })
  }
}

function readKind(stalled: boolean, degraded: boolean): EventKind {
  if (degraded) return 'degraded read'
  return stalled ? 'stalled read' : 'read'
}
