import type { LoadContext } from '@verbatim/cache-core'
import type { VersionId } from '../checker/version.js'
import { MILLISECOND, type Nanoseconds, type RunClock } from '../clock.js'
import type { EventKind } from '../events/event-batch.js'
import type { EventLog } from '../events/event-log.js'
import type { SourceOfTruth } from '../workload/source-of-truth.js'
import { type StampedValue, stampedValue } from '../workload/stamped-value.js'
import { keyName, patternOf, type Step } from '../workload/workload.js'
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
}

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
        return this.#getOrSet(key, lifeMs, step.loadMs)
      case 'set':
        return this.#write('set began', [key], lifeMs, ([id]) =>
          cache.set(keyName(key), stampedValue(key, id as VersionId), lifeMs),
        )
      case 'delete':
        return this.#write('delete began', [key], 0, () => cache.delete(keyName(key)))
      default:
        return this.#write('delete began', step.keys, 0, () =>
          cache.invalidatePattern(patternOf(key)),
        )
    }
  }

  async #get(key: number): Promise<boolean> {
    const begun = this.#beginReading()
    const result = await this.#parts.cache.get(keyName(key))
    this.#sawValue(key, begun, result.value, result)
    return result.ok
  }

  async #getMany(keys: readonly number[]): Promise<boolean> {
    const begun = this.#beginReading()
    const result = await this.#parts.cache.getMany(keys.map(keyName))
    for (const key of keys) this.#sawValue(key, begun, result.value?.get(keyName(key)), result)
    return result.ok
  }

  async #getOrSet(key: number, lifeMs: number, loadMs: number): Promise<boolean> {
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
      this.#add('load began', key, asked, clock.now())
      return stampedValue(key, asked)
    }
    const result = await cache.getOrSet(keyName(key), load, { ttl: `${lifeMs}ms` })
    const end = clock.now()
    if (loaded !== undefined) {
      const kind = result.ok ? 'load stored' : 'load failed'
      this.#add(kind, key, loaded, end, begun.start, lifeMs * MILLISECOND)
    }
    this.#sawValue(key, begun, result.value ?? undefined, result)
    return result.ok
  }

  async #ask(key: number, loadMs: number): Promise<VersionId | undefined> {
    const asked = await this.#parts.truth.read(key)
    if (loadMs > 0) await new Promise((resolve) => setTimeout(resolve, loadMs))
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
      else counts.writesIndeterminate++
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
    const kind = value.key === key ? readKind(stalled, degraded) : 'foreign read'
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
    this.#parts.log.add({ kind, key, writer, number, start, end, life })
  }
}

function readKind(stalled: boolean, degraded: boolean): EventKind {
  if (degraded) return 'degraded read'
  return stalled ? 'stalled read' : 'read'
}
