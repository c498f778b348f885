import type { PastInvalidation } from '../src/dashboard/explorer.js'
import type { ExportedInvalidation } from '../src/export/metrics-export.js'
import { useApi } from './api.js'
import { count, dateAndTime, duration, UNKNOWN, visible } from './format.js'
import { Table } from './table.js'

interface Invalidations {
  readonly dashboard: readonly PastInvalidation[]
  readonly others: readonly ExportedInvalidation[]
}

interface Row {
  readonly at: number
  readonly by: string
  readonly target: string | undefined
  readonly keys: number | undefined
  readonly durationMs: number
}

/** Lists the invalidations through the dashboard, and those that the monitor has retained. */
export function InvalidationHistory() {
  const { answer } = useApi<Invalidations>('invalidations', 10_000)
  if (answer === undefined) return null
  const rows = rowsOf(answer)
  return (
    <section class="panel" aria-labelledby="invalidations-title">
      <h2 id="invalidations-title">Invalidations</h2>
      {rows.length === 0 ? (
        <p class="quiet">Nothing was invalidated.</p>
      ) : (
        <Table
          label="Invalidations"
          columns={['Time', 'By', 'Pattern, key or tag', 'Keys', 'Duration']}
          numeric={[3, 4]}
          rows={rows.map(({ at, by, target, keys, durationMs }, index) => ({
            key: `${at} ${index}`,
            cells: [
              dateAndTime(at),
              by,
              target === undefined ? UNKNOWN : <code dir="auto">{visible(target)}</code>,
              count(keys),
              duration(durationMs),
            ],
          }))}
        />
      )}
    </section>
  )
}

function rowsOf({ dashboard, others }: Invalidations): Row[] {
  const own = dashboard.map(({ at, cache, target, keys, durationMs }) => {
    return { at, by: `dashboard, ${cache}`, target, keys, durationMs }
  })
  const recorded = others.map((event) => ({
    at: event.timestamp * 1000,
    by: event.operation_context || event.invalidation_type,
    target: event.pattern || undefined,
    keys: event.keys_invalidated,
    durationMs: event.duration * 1000,
  }))
  return [...own, ...recorded].toSorted((one, other) => other.at - one.at)
}
