import type { Redis } from 'ioredis'
import type { Figure } from './run-report.js'
import type { Subject, SubjectOptions } from './subject.js'

/** Means of a scenario in the process of a cell. */
export interface CellContext {
  /** Creates the cache under test. The cell closes it. */
  readonly create: (changes?: Partial<SubjectOptions>) => Promise<Subject>
  readonly tier: 'memory' | 'redis'
  readonly seed: number
  /** Time that is measured, in milliseconds. */
  readonly budgetMs: number
  /** Client of the server, to read its statistics. `undefined` for a cache in memory. */
  readonly redis: Redis | undefined
  readonly redisUrl: string | undefined
  /** Resolves when all processes of the cell are ready. */
  readonly barrier: () => Promise<void>
}

/** One workload. */
export interface Scenario {
  readonly title: string
  /** Functions without which a cache cannot run it. */
  readonly needs: readonly (keyof Subject)[]
  /** Tier that the scenario is for. Default: both. */
  readonly tier?: 'memory' | 'redis'
  /** Number of processes that run it at the same time. Default: 1. */
  readonly together?: number
  /** Whether one process per cache is enough, because it takes long. Default: false. */
  readonly isOnce?: true
  readonly run: (context: CellContext) => Promise<Figure[]>
}
