import type { OperationName } from '../workload/workload.js'
import type { WorkerCounts } from './messages.js'

/** Counts the operations of a worker. */
export class Counts implements WorkerCounts {
  readonly operations = forEachOperation()
  readonly longestMs = forEachOperation()
  hits = 0
  hitsAfterStalls = 0
  misses = 0
  refused = 0
  writesOk = 0
  writesIndeterminate = 0
  loads = 0
  slowLoads = 0
  /** Number of all operations. */
  total = 0

  performed(operation: OperationName, milliseconds: number): void {
    this.operations[operation]++
    this.total++
    this.longestMs[operation] = Math.max(this.longestMs[operation], milliseconds)
  }
}

function forEachOperation(): Record<OperationName, number> {
  return {
    ...{ get: 0, getMany: 0, getOrSet: 0, set: 0, setMany: 0, delete: 0, deleteMany: 0 },
    ...{ invalidatePattern: 0, invalidateTags: 0, clear: 0 },
  }
}

/** Returns the sum of the counts of several workers. */
export function totalOf(all: readonly WorkerCounts[]): WorkerCounts {
  const total = new Counts()
  for (const counts of all) {
    total.hits += counts.hits
    total.hitsAfterStalls += counts.hitsAfterStalls
    total.misses += counts.misses
    total.refused += counts.refused
    total.writesOk += counts.writesOk
    total.writesIndeterminate += counts.writesIndeterminate
    total.loads += counts.loads
    total.slowLoads += counts.slowLoads
    for (const name of Object.keys(total.operations) as OperationName[]) {
      total.operations[name] += counts.operations[name]
      total.longestMs[name] = Math.max(total.longestMs[name], counts.longestMs[name])
    }
  }
  return total
}
