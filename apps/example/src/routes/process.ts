import { CacheKeyGenerator, DEFAULT_OPERATION_TTLS } from '@verbatim/cache-ai'
import type { CacheMonitor } from '@verbatim/cache-core'
import type { FastifyInstance } from 'fastify'
import { analyze, type Task } from '../analysis/operations.js'
import { LoadWatch } from '../load-watch.js'
import { parseProcessRequest } from '../process-request.js'

interface StoredAnswer {
  readonly result: object
  /** Milliseconds since the epoch: another process may read it. */
  readonly storedAt: number
}

/** Does one thing with a text. Lets tests count or fail the work. */
export type Analyzer = (text: string, task: Task) => object

export interface ProcessRouteOptions {
  readonly monitor: CacheMonitor
  readonly analyzer?: Analyzer | undefined
}

/** `POST /process`: answers from the cache, or does the work and stores what comes of it. */
export async function processRoute(
  app: FastifyInstance,
  { monitor, analyzer = analyze }: ProcessRouteOptions,
): Promise<void> {
  // No prefix: a cache that shares its store with others puts its own before every key.
  const keys = new CacheKeyGenerator({ prefix: '', performanceMonitor: monitor })
  const loads = new LoadWatch()

  // oxlint-disable-next-line no-async-endpoint-handlers -- that is for Express; Fastify awaits them
  app.post('/process', async (request) => {
    const startedAt = performance.now()
    const { text, task } = parseProcessRequest(request.body)
    const question = task.operation === 'qa' ? task.question : undefined
    const key = keys.generateCacheKey(text, task.operation, task.options, question)
    const { value, waitedForLoad } = await loads.during(key, (loaded) =>
      app.cache.getOrSet<StoredAnswer>(
        key,
        () => {
          const answer = { result: analyzer(text, task), storedAt: Date.now() }
          loaded()
          return answer
        },
        { ttl: DEFAULT_OPERATION_TTLS[task.operation] },
      ),
    )
    return {
      result: value.result,
      cache: {
        status: waitedForLoad ? 'miss' : 'hit',
        key,
        // Another machine's clock may run ahead of ours.
        ageMs: waitedForLoad ? 0 : Math.max(0, Date.now() - value.storedAt),
        durationMs: Math.round((performance.now() - startedAt) * 1000) / 1000,
      },
    }
  })
}
