import {
  type Attributes,
  type Meter,
  metrics,
  SpanKind,
  SpanStatusCode,
  type Tracer,
} from '@opentelemetry/api'
import {
  type CacheMonitor,
  type CacheOperation,
  type CacheTier,
  type MemoryHolder,
  type OperationOutcome,
  timers,
} from '@verbatim/cache-core'
import { areAmounts } from '../records/amounts.js'
import { MemoryHolders } from '../records/memory-holders.js'
import { OPERATIONS, OUTCOMES, TIERS } from '../records/operation-counts.js'
import { DURATION_BUCKETS } from './duration-buckets.js'

/** What spans and durations are named after; no semantic convention speaks of caches yet. */
const NAMESPACE = 'verbatim.cache'
const SCOPE = '@verbatim/cache-monitoring'

export interface OpenTelemetryMonitorOptions {
  /** Where figures go. Default: the meter of the global provider. */
  readonly meter?: Meter | undefined
  /** Where a span of each operation that was timed goes. Default: no spans. */
  readonly tracer?: Tracer | undefined
}

type Instruments = ReturnType<typeof createInstruments>

/**
 * Tells OpenTelemetry what caches report. Hand it to a cache as `performanceMonitor`, together with
 * others by way of `combineMonitors`.
 *
 * Attributes are from fixed sets; no key, no pattern and no value is among them. An operation with a
 * name that is none, or a number that means nothing, counts as `verbatim.cache.rejected_records`.
 */
export class OpenTelemetryMonitor implements CacheMonitor {
  readonly #instruments: Instruments
  readonly #tracer: Tracer | undefined
  readonly #holders = new MemoryHolders()
  readonly #attributes = attributesOfAll()

  constructor({ meter = metrics.getMeter(SCOPE), tracer }: OpenTelemetryMonitorOptions = {}) {
    this.#instruments = createInstruments(meter, this.#holders)
    this.#tracer = tracer
  }

  observeOperation(
    operation: CacheOperation,
    outcome: OperationOutcome,
    tier: CacheTier,
    milliseconds: number | undefined,
  ): void {
    const attributes = this.#attributes.get(`${operation} ${outcome} ${tier}`)
    if (attributes === undefined || !areAmounts(milliseconds ?? 0)) return this.#reject()
    this.#instruments.operations.add(1, attributes)
    if (milliseconds === undefined) return
    this.#instruments.duration.record(milliseconds / 1_000, attributes)
    this.#trace(operation, outcome, tier, milliseconds, attributes)
  }

  observeKeyGeneration(milliseconds: number): void {
    if (areAmounts(milliseconds)) this.#instruments.keyGeneration.record(milliseconds / 1_000)
    else this.#reject()
  }

  observeCompression(originalBytes: number, compressedBytes: number): void {
    if (!areAmounts(originalBytes, compressedBytes)) return this.#reject()
    const { compression } = this.#instruments
    compression.add(originalBytes, { [`${NAMESPACE}.compression.stage`]: 'before' })
    compression.add(compressedBytes, { [`${NAMESPACE}.compression.stage`]: 'after' })
  }

  observeInvalidation(keysInvalidated: number): void {
    if (!areAmounts(keysInvalidated)) return this.#reject()
    this.#instruments.invalidations.add(1)
    this.#instruments.invalidatedKeys.add(keysInvalidated)
  }

  observeMemory(holder: MemoryHolder): void {
    if (!this.#holders.add(holder)) this.#reject()
  }

  #trace(
    operation: CacheOperation,
    outcome: OperationOutcome,
    tier: CacheTier,
    milliseconds: number,
    attributes: Attributes,
  ): void {
    if (this.#tracer === undefined) return
    const endTime = performance.timeOrigin + timers.now()
    const kind = tier === 'redis' ? SpanKind.CLIENT : SpanKind.INTERNAL
    const startTime = endTime - milliseconds
    const span = this.#tracer.startSpan(`cache ${operation}`, { kind, startTime, attributes })
    if (outcome === 'error') span.setStatus({ code: SpanStatusCode.ERROR })
    span.end(endTime)
  }

  #reject(): void {
    this.#instruments.rejected.add(1)
  }
}

function createInstruments(meter: Meter, holders: MemoryHolders) {
  const observe = (
    name: string,
    description: string,
    unit: string,
    valueOf: (use: NonNullable<ReturnType<MemoryHolders['use']>>) => number,
  ): void => {
    meter
      .createObservableUpDownCounter(`${NAMESPACE}.${name}`, { description, unit })
      .addCallback((result) => {
        const use = holders.use()
        if (use !== undefined) result.observe(valueOf(use))
      })
  }
  observe('memory.usage', 'Bytes that caches hold in this process.', 'By', ({ bytes }) => bytes)
  observe('entries', 'Entries that they hold.', '{entry}', ({ entries }) => entries)
  observe('entries.limit', 'Entries that they may hold.', '{entry}', ({ maxEntries }) => maxEntries)
  const counter = (name: string, description: string, unit: string) =>
    meter.createCounter(`${NAMESPACE}.${name}`, { description, unit })
  const histogram = (name: string, description: string) =>
    meter.createHistogram(`${NAMESPACE}.${name}`, {
      description,
      unit: 's',
      // Those of the SDK are for milliseconds.
      advice: { explicitBucketBoundaries: DURATION_BUCKETS },
    })
  return {
    operations: counter('operations', 'Operations on caches.', '{operation}'),
    duration: histogram('operation.duration', 'How long operations on caches took.'),
    keyGeneration: histogram('key_generation.duration', 'How long it took to make keys.'),
    compression: counter('compression.io', 'Bytes of values that were compressed.', 'By'),
    invalidations: counter('invalidations', 'Invalidations of many keys.', '{invalidation}'),
    invalidatedKeys: counter('invalidated_keys', 'Keys that invalidations removed.', '{key}'),
    rejected: counter('rejected_records', 'Records left out.', '{record}'),
  }
}

/** Made once: there are few, and operations are many. */
function attributesOfAll(): ReadonlyMap<string, Attributes> {
  const all = new Map<string, Attributes>()
  for (const operation of OPERATIONS) {
    for (const outcome of OUTCOMES) {
      for (const tier of TIERS) {
        all.set(`${operation} ${outcome} ${tier}`, {
          [`${NAMESPACE}.operation`]: operation,
          [`${NAMESPACE}.outcome`]: outcome,
          [`${NAMESPACE}.tier`]: tier,
          // As the semantic conventions ask of what failed, with their word for an unnamed class.
          ...(outcome === 'error' && { 'error.type': '_OTHER' }),
        })
      }
    }
  }
  return all
}
