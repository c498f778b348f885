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
  ConfigurationError,
  type Logger,
  type MemoryHolder,
  type MemoryUse,
  type OperationOutcome,
  type ResponseOutcome,
} from '@verbatim/cache-core'
import {
  assertKnownFields,
  assertLogger,
  invalidOption,
  Reporter,
  recognizeCopies,
  timers,
} from '@verbatim/cache-core/implement'
import { monitorNames } from '../options.js'
import { DURATION_BUCKETS } from '../records/latency-histogram.js'
import { areAmounts, isAmount, reportRejected } from '../records/measurements.js'
import { MemoryHolders, sumOfUses } from '../records/memory-use.js'
import { OPERATIONS, OUTCOMES, TIERS } from '../records/operation-counts.js'
import { isResponseOutcome, ResponseNames } from '../records/response-counts.js'

/** The start of all names. No semantic convention covers caches yet. */
const NAMESPACE = 'verbatim.cache'
const SCOPE = '@verbatim/cache-monitoring'

export interface OpenTelemetryMonitorOptions {
  /**
   * The value of the attribute `verbatim.cache.name`, which tells caches on one meter apart. The figures of
   * monitors with one name add up. Default: `cache-1`, `cache-2` and so on, in the order of creation.
   */
  readonly name?: string | undefined
  /** Receives the first record that is rejected. Default: `process.emitWarning` reports it. */
  readonly logger?: Logger | undefined
  /** The meter for all figures. Default: the meter of the global provider. */
  readonly meter?: Meter | undefined
  /** The tracer for spans of the operations that were timed. Default: no spans. */
  readonly tracer?: Tracer | undefined
}

const KNOWN_OPTIONS: ReadonlySet<string> = new Set<keyof OpenTelemetryMonitorOptions>([
  'name',
  'logger',
  'meter',
  'tracer',
])

const nameOf = monitorNames()

type Instruments = ReturnType<typeof createInstruments>

/**
 * Reports the operations of caches to OpenTelemetry. Pass it to a cache as `performanceMonitor`, alone or
 * combined with others by `combineMonitors`.
 *
 * Attributes are from bounded sets, and contain no key, pattern or value. An operation with an unknown name,
 * or an impossible number, counts as `verbatim.cache.rejected_records`.
 *
 * @example
 * ```ts
 * const monitor = new OpenTelemetryMonitor({ tracer: trace.getTracer('my service') })
 * const cache = new InMemoryCache({ performanceMonitor: monitor })
 * ```
 */
export class OpenTelemetryMonitor implements CacheMonitor {
  static {
    recognizeCopies(this, 'cache-monitoring/OpenTelemetryMonitor')
  }

  /** The option, or the number of this monitor. */
  readonly name: string
  readonly #instruments: Instruments
  readonly #tracer: Tracer | undefined
  readonly #holders: MemoryHolders
  readonly #reporter: Reporter
  readonly #attributes: ReadonlyMap<string, Attributes>
  readonly #named: Attributes
  readonly #responseNames = new ResponseNames()
  /** A strong reference of the monitor, because the meter has only a weak one. */
  readonly #memory: NamedHolders

  /** @throws ConfigurationError (`INVALID_OPTION`) that names the bad or unknown option and its rule */
  constructor(options: OpenTelemetryMonitorOptions = {}) {
    assertKnownFields(options, KNOWN_OPTIONS, 'options', ConfigurationError, 'INVALID_OPTION')
    const { meter = metrics.getMeter(SCOPE), tracer, logger } = options
    assertLogger(logger)
    assertMethod('meter', meter, 'createCounter')
    if (tracer !== undefined) assertMethod('tracer', tracer, 'startSpan')
    this.name = nameOf(options.name)
    this.#named = { [`${NAMESPACE}.name`]: this.name }
    this.#attributes = attributesOfAll(this.#named)
    this.#reporter = new Reporter({ name: this.name, logger })
    this.#holders = new MemoryHolders(this.#reporter)
    this.#tracer = tracer
    const instruments = instrumentsOf(meter)
    this.#memory = { attributes: this.#named, holders: this.#holders }
    instruments.named.add(new WeakRef(this.#memory))
    this.#instruments = instruments
  }

  observeOperation(
    operation: CacheOperation,
    outcome: OperationOutcome,
    tier: CacheTier,
    milliseconds: number | undefined,
  ): void {
    const attributes = this.#attributes.get(nameOfKind(operation, outcome, tier))
    if (attributes === undefined || !isAmount(milliseconds ?? 0)) return this.#reject()
    this.#instruments.operations.add(1, attributes)
    if (milliseconds === undefined) return
    this.#instruments.duration.record(milliseconds / 1_000, attributes)
    this.#trace(operation, outcome, tier, milliseconds, attributes)
  }

  observeKeyGeneration(milliseconds: number): void {
    if (!isAmount(milliseconds)) return this.#reject()
    this.#instruments.keyGeneration.record(milliseconds / 1_000, this.#named)
  }

  observeCompression(originalBytes: number, compressedBytes: number): void {
    if (!areAmounts(originalBytes, compressedBytes)) return this.#reject()
    const { compression } = this.#instruments
    const stage = `${NAMESPACE}.compression.stage`
    compression.add(originalBytes, { ...this.#named, [stage]: 'before' })
    compression.add(compressedBytes, { ...this.#named, [stage]: 'after' })
  }

  observeInvalidation(keysInvalidated: number): void {
    if (!isAmount(keysInvalidated)) return this.#reject()
    this.#instruments.invalidations.add(1, this.#named)
    this.#instruments.invalidatedKeys.add(keysInvalidated, this.#named)
  }

  observeResponse(
    operation: string,
    model: string | undefined,
    outcome: ResponseOutcome,
    milliseconds: number,
  ): void {
    const isResponse = typeof operation === 'string' && isResponseOutcome(outcome)
    if (!isResponse || !isAmount(milliseconds)) return this.#reject()
    const labels = this.#responseNames.labelsOf(operation, model)
    this.#instruments.responses.add(1, {
      ...this.#named,
      [`${NAMESPACE}.response.operation`]: labels.operation,
      ...(labels.model !== undefined && { [`${NAMESPACE}.response.model`]: labels.model }),
      [`${NAMESPACE}.outcome`]: outcome,
    })
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
    this.#instruments.rejected.add(1, this.#named)
    reportRejected(this.#reporter)
  }
}

/** The caches of one name, whose memory use is read when figures are collected. */
interface NamedHolders {
  readonly attributes: Attributes
  readonly holders: MemoryHolders
}

/** One set for each meter: a second instrument of a name would be observed twice. */
const instrumentsByMeter = new WeakMap<Meter, Instruments>()

function instrumentsOf(meter: Meter): Instruments {
  const instruments = instrumentsByMeter.get(meter) ?? createInstruments(meter)
  instrumentsByMeter.set(meter, instruments)
  return instruments
}

function createInstruments(meter: Meter) {
  const named = new Set<WeakRef<NamedHolders>>()
  const observe = (
    name: string,
    description: string,
    unit: string,
    valueOf: (use: NonNullable<ReturnType<MemoryHolders['use']>>) => number,
  ): void => {
    meter
      .createObservableUpDownCounter(`${NAMESPACE}.${name}`, { description, unit })
      .addCallback((result) => {
        for (const [attributes, use] of usesByName(named)) result.observe(valueOf(use), attributes)
      })
  }
  observe('memory.usage', 'Bytes that caches occupy in this process.', 'By', ({ bytes }) => bytes)
  observe(
    'entries',
    'Entries that caches hold in this process.',
    '{entry}',
    ({ entries }) => entries,
  )
  observe(
    'entries.limit',
    'Entries that caches may hold in this process.',
    '{entry}',
    ({ maxEntries }) => maxEntries,
  )
  const counter = (name: string, description: string, unit: string) =>
    meter.createCounter(`${NAMESPACE}.${name}`, { description, unit })
  const histogram = (name: string, description: string) =>
    meter.createHistogram(`${NAMESPACE}.${name}`, {
      description,
      unit: 's',
      // The default boundaries of the SDK are for milliseconds.
      advice: { explicitBucketBoundaries: DURATION_BUCKETS },
    })
  return {
    named,
    responses: counter('responses', 'Lookups and stores of AI responses.', '{response}'),
    operations: counter('operations', 'Operations on caches.', '{operation}'),
    duration: histogram('operation.duration', 'Durations of operations on caches.'),
    keyGeneration: histogram('key_generation.duration', 'Durations of key generations.'),
    compression: counter('compression.io', 'Bytes of compressed values.', 'By'),
    invalidations: counter('invalidations', 'Invalidations of many keys.', '{invalidation}'),
    invalidatedKeys: counter('invalidated_keys', 'Keys that invalidations removed.', '{key}'),
    rejected: counter('rejected_records', 'Records that were rejected.', '{record}'),
  }
}

/** Adds up the monitors of one name, because a second observation would replace the first. */
function usesByName(named: Set<WeakRef<NamedHolders>>): Iterable<readonly [Attributes, MemoryUse]> {
  const uses = new Map<unknown, readonly [Attributes, MemoryUse]>()
  for (const reference of named) {
    const { attributes = {}, holders } = reference.deref() ?? {}
    if (holders === undefined) named.delete(reference)
    const use = holders?.use()
    if (use === undefined) continue
    const name = attributes[`${NAMESPACE}.name`]
    const [, before] = uses.get(name) ?? []
    uses.set(name, [attributes, before === undefined ? use : sumOfUses(before, use)])
  }
  return uses.values()
}

/** Returns one text for the three arguments. A symbol becomes a text that matches no operation. */
function nameOfKind(operation: unknown, outcome: unknown, tier: unknown): string {
  return `${String(operation)} ${String(outcome)} ${String(tier)}`
}

function assertMethod(option: string, value: unknown, method: string): void {
  if (typeof (Object(value) as Record<string, unknown>)[method] === 'function') return
  throw invalidOption(option, `an object with the method ${method}`, value)
}

/** Creates the attributes once, because operations share a few sets of them. */
function attributesOfAll(named: Attributes): ReadonlyMap<string, Attributes> {
  const all = new Map<string, Attributes>()
  for (const operation of OPERATIONS) {
    for (const outcome of OUTCOMES) {
      for (const tier of TIERS) {
        all.set(`${operation} ${outcome} ${tier}`, {
          ...named,
          [`${NAMESPACE}.operation`]: operation,
          [`${NAMESPACE}.outcome`]: outcome,
          [`${NAMESPACE}.tier`]: tier,
          // The semantic conventions require it for failures; this is their value for an unnamed class.
          ...(outcome === 'error' && { 'error.type': '_OTHER' }),
        })
      }
    }
  }
  return all
}
