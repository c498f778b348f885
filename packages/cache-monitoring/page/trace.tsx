import type { ListedRequest } from '../src/dashboard/request-log.js'
import type { RequestStep } from '../src/dashboard/request-tracer.js'
import { duration } from './format.js'

interface TraceProps {
  readonly request: ListedRequest
  readonly steps: readonly RequestStep[]
}

interface Stage {
  readonly name: string
  readonly outcome: string
  readonly durationMs?: number | undefined
}

/** Shows the way of a request through memory, Redis, its computation and the store. */
export function Trace({ request, steps }: TraceProps) {
  return (
    <details>
      <summary>Trace</summary>
      <ol class="trace">
        {stagesOf(request, steps).map(({ name, outcome, durationMs }, index) => (
          // The stages of a request do not change their order.
          <li key={index}>
            {name}: <b>{outcome}</b>
            {durationMs !== undefined && `, ${duration(durationMs)}`}
          </li>
        ))}
      </ol>
    </details>
  )
}

function stagesOf({ outcome, computeMs }: ListedRequest, steps: readonly RequestStep[]): Stage[] {
  const reads = steps.filter(({ operation }) => operation === 'get').flatMap(readStages)
  const changes = steps.filter(({ operation }) => operation !== 'get').map(changeStage)
  const wait = { name: 'Computation', outcome: 'of another request' }
  const own = { name: 'Computation', outcome: 'done', durationMs: computeMs }
  const load = outcome === 'joined' ? [wait] : outcome === 'miss' ? [own] : []
  return [...reads, ...load, ...changes]
}

/** Returns the stages of a read. A read that Redis decided found nothing in memory before. */
function readStages({ tier, outcome, durationMs }: RequestStep): Stage[] {
  if (tier === 'memory') return [{ name: 'Memory', outcome, durationMs }]
  return [
    { name: 'Memory', outcome: 'miss' },
    { name: 'Redis', outcome, durationMs },
  ]
}

function changeStage({ operation, tier, outcome, durationMs }: RequestStep): Stage {
  const action = operation === 'set' ? 'Store' : 'Delete'
  return { name: `${action} in ${tier === 'redis' ? 'Redis' : 'memory'}`, outcome, durationMs }
}
