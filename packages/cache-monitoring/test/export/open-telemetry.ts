import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base'
import { OpenTelemetryMonitor } from '../../src/export/otel.js'

/** Sets up the SDK with exporters in memory. */
export function openTelemetry() {
  const metrics = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({
    exporter: metrics,
    exportIntervalMillis: 3_600_000,
  })
  const meters = new MeterProvider({ readers: [reader] })
  const spans = new InMemorySpanExporter()
  const tracers = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] })
  const meter = meters.getMeter('test')
  const tracer = tracers.getTracer('test')
  const monitor = new OpenTelemetryMonitor({ name: 'answers', meter, tracer })
  /** Returns the unit and the exported points of each metric. */
  const exported = async () => {
    await reader.forceFlush()
    const all =
      metrics
        .getMetrics()
        .at(-1)
        ?.scopeMetrics.flatMap((scope) => scope.metrics) ?? []
    return Object.fromEntries(
      all.map(({ descriptor: { name, unit }, dataPoints }) => [
        name,
        { unit, points: dataPoints.map(({ attributes, value }) => ({ ...attributes, value })) },
      ]),
    )
  }
  return { monitor, meter, spans, exported }
}
