import type { FastifyInstance } from 'fastify'
import { AnalysisPool } from './analysis-pool.js'
import { buildApp } from './app.js'
import { backendOf, createCache } from './create-cache.js'
import { readEnvironment } from './environment.js'
import { greeting } from './greeting.js'

const HOST = '127.0.0.1'

/** The time that requests under way at SIGTERM get to finish. */
const SHUTDOWN_GRACE_MS = 10_000

try {
  await start()
} catch (error) {
  const reason = error instanceof Error ? error.message : String(error)
  console.error(`The service did not start: ${reason}`)
  process.exitCode = 1
}

async function start(): Promise<void> {
  const { port, redisUrl, tenantHeader, apiKey, logLevel } = readEnvironment(process.env)
  const setup = createCache(redisUrl)
  const pool = new AnalysisPool()
  const app = await buildApp({
    ...setup,
    analyzer: (text, task, signal) => pool.analyze(text, task, signal),
    tenantHeader,
    apiKey,
    log: logLevel,
  })
  app.addHook('onClose', () => pool.close())
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      setTimeout(() => void pool.close(), SHUTDOWN_GRACE_MS).unref()
      void app.close()
    })
  }
  try {
    await pool.ready()
    const address = await listen(app, port)
    console.log(greeting(address, backendOf(setup.cache), redisUrl))
  } catch (error) {
    // Without this the connection to Redis would keep the process alive.
    await app.close()
    throw error
  }
}

async function listen(service: FastifyInstance, wanted: number | undefined): Promise<string> {
  try {
    return await service.listen({ host: HOST, port: wanted ?? 3000 })
  } catch (error) {
    const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
    if (wanted !== undefined || !isTaken) throw error
    return service.listen({ host: HOST, port: 0 })
  }
}
