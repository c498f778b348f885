import type { AIResponseCache } from '@verbatim/cache-ai'
import type { FastifyInstance } from 'fastify'
import { afterAll, onTestFinished } from 'vitest'
import { AnalysisPool } from '../../src/analysis-pool.js'
import { type AppOptions, buildApp } from '../../src/app.js'
import { createCache } from '../../src/create-cache.js'
import type { Analyzer } from '../../src/routes/process.js'

/** The service over a real cache in memory. */
export interface TestService {
  readonly app: FastifyInstance
  readonly cache: AIResponseCache
}

let pool: AnalysisPool | undefined
afterAll(() => pool?.close())

/** Analyzes in real worker threads, which the tests of a file share. They run the built code. */
export const analyzeInPool: Analyzer = (text, task, signal) => {
  pool ??= new AnalysisPool({ threads: 2, workerFile: WORKER_FILE })
  return pool.analyze(text, task, signal)
}

export const WORKER_FILE = new URL('../../dist/analysis/worker.js', import.meta.url)

export type TestServiceOptions = Partial<
  Omit<AppOptions, 'cache' | 'monitor' | 'tracer'> & { readonly redisUrl: string }
>

export async function startService({
  analyzer = analyzeInPool,
  redisUrl,
  ...options
}: TestServiceOptions = {}): Promise<TestService> {
  const setup = createCache(redisUrl)
  const app = await buildApp({ ...options, ...setup, analyzer })
  onTestFinished(() => app.close())
  return { app, cache: setup.cache }
}

/** The body of a successful response of `POST /process`. */
export interface ProcessAnswer {
  readonly result: unknown
  readonly cache: {
    readonly status: 'hit' | 'stale' | 'miss' | 'joined'
    readonly key: string
    readonly ageMs: number
    readonly durationMs: number
    readonly computeMs?: number
    readonly savedMs?: number
  }
}

/** Returns the bytes of the result in a body. */
export function resultBytes(body: string): string {
  const end = body.lastIndexOf(',"cache":')
  return body.slice('{"result":'.length, end)
}
