import { useState } from 'preact/hooks'
import type { CurrentState, HistoryPoint, Range } from '../src/dashboard/overview.js'
import { CacheTable } from './cache-table.js'
import { Chart, type Line } from './chart.js'
import { bytes, count, duration, percent, rate, UNKNOWN } from './format.js'
import { useLive } from './live.js'
import { Notices } from './notices.js'

const RANGE_NAMES: Readonly<Record<Range, string>> = {
  '1m': '1 min',
  '5m': '5 min',
  '15m': '15 min',
  '1h': '1 h',
  '6h': '6 h',
  '24h': '24 h',
}

export function OverviewPage() {
  const [range, setRange] = useState<Range>('5m')
  const { overview, isConnected } = useLive(range)
  return (
    <>
      <div class="bar">
        <h1>Overview</h1>
        <fieldset class="ranges">
          <legend class="for-screen-readers">Time range</legend>
          {Object.entries(RANGE_NAMES).map(([each, label]) => (
            <label key={each}>
              <input
                type="radio"
                name="range"
                checked={each === range}
                onChange={() => setRange(each as Range)}
              />
              <span>{label}</span>
            </label>
          ))}
        </fieldset>
        <p class="live" role="status" data-connected={isConnected}>
          {isConnected === undefined ? 'Connecting…' : isConnected ? 'Live' : 'No connection'}
        </p>
      </div>
      {overview === undefined ? (
        <p class="quiet">Waiting for the first figures.</p>
      ) : (
        <>
          <Headlines points={overview.points} now={overview.now} rangeName={RANGE_NAMES[range]} />
          <Charts
            points={overview.points}
            now={overview.now}
            rangeSeconds={overview.rangeSeconds}
          />
          <CacheTable caches={overview.now.caches} />
          <Notices alerts={overview.now.alerts} advice={overview.now.advice} />
        </>
      )}
    </>
  )
}

interface FiguresProps {
  readonly points: readonly HistoryPoint[]
  readonly now: CurrentState
}

function Headlines({ points, now, rangeName }: FiguresProps & { readonly rangeName: string }) {
  const { totals, saved, memory } = now
  const hits = sum(points, hitsOf)
  const misses = sum(points, ({ misses: each }) => each)
  const errors = sum(points, ({ errors: each }) => each)
  const seconds = sum(points, ({ seconds: each }) => each)
  const reads = hits + misses
  const ever =
    totals.hitRate === undefined ? 'no reads yet' : `${percent(totals.hitRate)} since start`
  return (
    <section class="tiles" aria-label="Headline figures">
      <Tile
        label="Hit ratio"
        value={reads === 0 ? UNKNOWN : percent((hits / reads) * 100)}
        note={reads === 0 ? `no reads in ${rangeName}; ${ever}` : ever}
        isMain
      />
      <Tile
        label="Time saved"
        value={saved === undefined ? UNKNOWN : duration(saved.milliseconds)}
        note={
          saved === undefined
            ? 'no recorded hits yet'
            : `by ${count(saved.hits)} ${saved.hits === 1 ? 'hit' : 'hits'}${saved.tokens === undefined ? '' : `, ${count(saved.tokens)} tokens`}`
        }
        isMain
      />
      <Tile
        label="Reads"
        value={seconds === 0 ? UNKNOWN : `${rate(reads / seconds)}/s`}
        note={`${count(reads)} in ${rangeName}`}
      />
      <Tile
        label="Errors"
        value={count(errors)}
        note={`in ${rangeName}; ${count(totals.errors)} since start`}
        isBad={errors > 0}
      />
      <Tile
        label="Memory of caches"
        value={memory === undefined ? UNKNOWN : bytes(memory.memoryBytes + memory.redisBytes)}
        note={memory === undefined ? 'not measured' : `in ${count(memory.entries)} entries`}
      />
      <Tile
        label="Memory of the process"
        value={bytes(memory?.processBytes)}
        note={memory === undefined ? 'not measured' : 'resident set size'}
      />
    </section>
  )
}

interface TileProps {
  readonly label: string
  readonly value: string
  readonly note: string
  readonly isMain?: boolean
  readonly isBad?: boolean
}

function Tile({ label, value, note, isMain = false, isBad = false }: TileProps) {
  return (
    <div class="panel tile" data-main={isMain} data-bad={isBad}>
      <h2>{label}</h2>
      <p class="value">{value}</p>
      <p class="quiet">{note}</p>
    </div>
  )
}

function Charts({ points, now, rangeSeconds }: FiguresProps & { readonly rangeSeconds: number }) {
  const times = points.map(({ at }) => at / 1000)
  const perSecond = (of: (point: HistoryPoint) => number): number[] =>
    points.map((point) => (point.seconds > 0 ? of(point) / point.seconds : 0))
  const outcomes: Line[] = [
    { label: 'Memory hits', color: '--memory', values: perSecond(({ memoryHits }) => memoryHits) },
    { label: 'Redis hits', color: '--redis', values: perSecond(({ redisHits }) => redisHits) },
    { label: 'Other hits', color: '--other', values: perSecond(({ otherHits }) => otherHits) },
    { label: 'Misses', color: '--miss', values: perSecond(({ misses }) => misses) },
    { label: 'Errors', color: '--bad', values: perSecond(({ errors }) => errors) },
    { label: 'Joined', color: '--joined', values: perSecond(({ joined }) => joined) },
  ].filter(({ label, values }, index) => {
    const isAlwaysShown = index === 0 || label === 'Misses'
    return isAlwaysShown || values.some((value) => value > 0)
  })
  return (
    <div class="charts">
      <Chart
        title="Requests by outcome"
        note="per second"
        times={times}
        rangeSeconds={rangeSeconds}
        lines={outcomes}
        isStacked
        format={(value) => `${rate(value)}/s`}
      />
      <Chart
        title="Latency of reads by tier"
        note="logarithmic; a sample of the reads in memory"
        times={times}
        rangeSeconds={rangeSeconds}
        lines={latencyLines(points)}
        isLogarithmic
        format={duration}
      />
      <Chart
        title="Memory of caches"
        note="against the thresholds of the monitor"
        times={times}
        rangeSeconds={rangeSeconds}
        lines={memoryLines(points, now)}
        hasBinaryTicks
        format={bytes}
      />
    </div>
  )
}

function latencyLines(points: readonly HistoryPoint[]): Line[] {
  const tiers = [
    { name: 'memory', field: 'memoryLatency' },
    { name: 'redis', field: 'redisLatency' },
  ] as const
  return tiers
    .filter(({ field }) => points.some((point) => point[field] !== undefined))
    .flatMap(({ name, field }) =>
      (['p50', 'p95', 'p99'] as const).map((percentile) => ({
        label: `${name === 'redis' ? 'Redis' : 'Memory'} ${percentile}`,
        color: `--${name}-${percentile}`,
        values: points.map((point) => point[field]?.[percentile] ?? null),
      })),
    )
}

function memoryLines(points: readonly HistoryPoint[], { memory }: CurrentState): Line[] {
  const lines: Line[] = [
    {
      label: 'In this process',
      color: '--memory',
      values: points.map(({ memoryBytes }) => memoryBytes ?? null),
    },
  ]
  if (points.some(({ redisBytes = 0 }) => redisBytes > 0)) {
    const values = points.map(({ redisBytes }) => redisBytes ?? null)
    lines.push({ label: 'In Redis', color: '--redis', values })
  }
  if (memory === undefined) return lines
  const { memoryBytes, redisBytes, warningBytes, criticalBytes } = memory
  const line = (label: string, color: string, value: number): Line => {
    return { label, color, values: points.map(() => value), isDashed: true }
  }
  // A distant threshold would press the curve flat.
  const used = memoryBytes + redisBytes
  if (used > warningBytes / 4) lines.push(line('Warning', '--miss', warningBytes))
  if (used > criticalBytes / 4) lines.push(line('Critical', '--bad', criticalBytes))
  return lines
}

function sum(points: readonly HistoryPoint[], of: (point: HistoryPoint) => number): number {
  return points.reduce((total, point) => total + of(point), 0)
}

function hitsOf({ memoryHits, redisHits, otherHits }: HistoryPoint): number {
  return memoryHits + redisHits + otherHits
}
