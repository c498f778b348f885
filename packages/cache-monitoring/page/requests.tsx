import { useState } from 'preact/hooks'
import type { ListedRequest } from '../src/dashboard/request-log.js'
import { useApi } from './api.js'
import { duration, time, UNKNOWN, visible } from './format.js'
import { Problem } from './problem.js'
import { Table } from './table.js'
import { Trace } from './trace.js'

const OUTCOMES = ['hit', 'stale', 'joined', 'miss', 'error'] as const
const RELOAD_MS = 2_000

/** Lists the newest requests. */
export function Requests() {
  const [outcome, setOutcome] = useState('')
  const [search, setSearch] = useState('')
  const [isPaused, setIsPaused] = useState(false)
  const { answer, error, reload } = useApi<{ readonly requests: readonly ListedRequest[] }>(
    'requests',
    isPaused ? undefined : RELOAD_MS,
  )
  const shown = (answer?.requests ?? []).filter(
    (request) =>
      (outcome === '' || request.outcome === outcome) &&
      `${request.key} ${request.operation ?? ''}`.toLowerCase().includes(search.toLowerCase()),
  )
  return (
    <>
      <div class="bar">
        <h1>Requests</h1>
      </div>
      {error !== undefined && <Problem error={error} retry={reload} />}
      {answer !== undefined && error?.status !== 401 && (
        <section class="panel" aria-label="Newest requests">
          <div class="row">
            <label class="field">
              Outcome
              <select
                value={outcome}
                onChange={({ currentTarget }) => setOutcome(currentTarget.value)}
              >
                <option value="">All</option>
                {OUTCOMES.map((each) => (
                  <option key={each}>{each}</option>
                ))}
              </select>
            </label>
            <label class="field grows">
              Key or operation contains
              <input
                value={search}
                dir="auto"
                onInput={({ currentTarget }) => setSearch(currentTarget.value)}
              />
            </label>
            <button type="button" onClick={() => setIsPaused(!isPaused)}>
              {isPaused ? 'Continue' : 'Pause'}
            </button>
          </div>
          <p class="quiet" role="status">
            {shown.length} of the newest {answer.requests.length} requests
          </p>
          {answer.requests.length === 0 ? (
            <p>
              No request was recorded. Call <code>dashboard.recordRequest</code> where your program
              reads the cache.
            </p>
          ) : (
            <RequestTable requests={shown} />
          )}
        </section>
      )}
    </>
  )
}

function RequestTable({ requests }: { readonly requests: readonly ListedRequest[] }) {
  return (
    <Table
      label="Newest requests"
      columns={[
        'Time',
        'Outcome',
        'Operation',
        'Tier',
        'Duration',
        'Computation',
        'Saved',
        'Age',
        'Joined by',
        'Key',
      ]}
      numeric={[4, 5, 6, 7, 8]}
      rows={requests.map((request) => ({
        key: String(request.id),
        cells: [
          time(request.at),
          <>
            <span class="badge" data-outcome={request.outcome}>
              {request.outcome}
            </span>
            {request.reason !== undefined && <span class="quiet"> {request.reason}</span>}
          </>,
          request.operation ?? UNKNOWN,
          request.tier ?? UNKNOWN,
          duration(request.durationMs),
          duration(request.computeMs),
          saved(request),
          duration(request.ageMs),
          request.joinedBy ?? UNKNOWN,
          <>
            <code dir="auto">{visible(request.key)}</code>
            {request.steps !== undefined && <Trace request={request} steps={request.steps} />}
          </>,
        ],
      }))}
    />
  )
}

function saved({ outcome, durationMs, computeMs }: ListedRequest): string {
  const isFromCache = outcome === 'hit' || outcome === 'stale'
  if (!isFromCache || computeMs === undefined) return UNKNOWN
  return duration(Math.max(0, computeMs - durationMs))
}
