import type { CacheState } from '../src/dashboard/overview.js'
import { bytes, count, duration, UNKNOWN } from './format.js'
import { Table } from './table.js'

export const MODES: Readonly<Record<string, string>> = {
  redis: 'memory and Redis',
  memory_only: 'memory only, Redis is unavailable',
  memory: 'memory',
}

const GOOD = new Set(['closed', 'live', 'redis', 'memory'])

/** Shows the state of each cache: circuit, tracking and sizes. */
export function CacheTable({ caches }: { readonly caches: readonly CacheState[] }) {
  if (caches.length === 0) return null
  return (
    <section class="panel" aria-labelledby="caches-title">
      <h2 id="caches-title">Caches</h2>
      <Table
        label="State of the caches"
        columns={[
          'Name',
          'Stores in',
          'Circuit',
          'Tracking',
          'Entries',
          'Memory',
          'Evictions',
          'Stale served',
          'Unconfirmed deletes',
        ]}
        numeric={[4, 5, 6, 7, 8]}
        rows={caches.map((cache) => ({
          key: cache.name,
          cells: [
            <b>{cache.name}</b>,
            <State
              value={cache.mode}
              label={MODES[cache.mode] ?? cache.mode}
              detail={cache.lastErrorCode}
            />,
            <State value={cache.circuit} />,
            <State value={cache.tracking} detail={lagOf(cache)} />,
            ofLimit(cache.entries, cache.maxEntries, count),
            ofLimit(cache.bytes, cache.maxBytes, bytes),
            count(cache.evictions),
            count(cache.staleServed),
            count(cache.unconfirmedDeletes),
          ],
        }))}
      />
    </section>
  )
}

/** Returns the lag of invalidations while they arrive. */
function lagOf({ tracking, trackingLagMs }: CacheState): string | undefined {
  if (tracking !== 'live' || trackingLagMs === undefined) return undefined
  return `lag ${duration(trackingLagMs)}`
}

interface StateProps {
  readonly value: string | undefined
  readonly label?: string
  readonly detail?: string | undefined
}

function State({ value, label = value, detail }: StateProps) {
  if (value === undefined) return <>{UNKNOWN}</>
  return (
    <span class="state" data-good={GOOD.has(value)}>
      {label}
      {detail !== undefined && <span class="quiet"> {detail}</span>}
    </span>
  )
}

function ofLimit(
  value: number | undefined,
  limit: number | undefined,
  format: (value: number | undefined) => string,
): string {
  if (value === undefined || limit === undefined) return format(value)
  return `${format(value)} of ${format(limit)}`
}
