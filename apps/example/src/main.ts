import { randomBytes } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { AnalysisPool } from './analysis-pool.js'
import { buildApp } from './app.js'
import { backendOf, createCache } from './create-cache.js'
import { type Environment, readEnvironment } from './environment.js'
import { greeting } from './greeting.js'
import { OwnRedis } from './playground/own-redis.js'

/** The time that requests under way at SIGTERM get to finish. */
const SHUTDOWN_GRACE_MS = 4_000
/** The time after that until their connections are cut. */
const CUT_AFTER_MS = 250

try {
  await start()
} catch (error) {
  const reason = error instanceof Error ? error.message : String(error)
  console.error(`The service did not start: ${reason}`)
  process.exitCode = 1
}

async function start(): Promise<void> {
  const environment = readEnvironment(process.env)
  const { redisCommand } = environment
  if (redisCommand === undefined) {
    await serve(environment, undefined)
    return
  }
  const ownRedis = await OwnRedis.launch(redisCommand)
  try {
    await serve(environment, ownRedis)
  } catch (error) {
    await ownRedis.stop()
    throw error
  }
}

async function serve(environment: Environment, ownRedis: OwnRedis | undefined): Promise<void> {
  const { host, port, logLevel, ...options } = environment
  const redisUrl = ownRedis?.url ?? environment.redisUrl
  const setup = createCache(redisUrl)
  const pool = new AnalysisPool()
  // Only the developer of this machine reads the start-up message, and can open the whole dashboard with it.
  const keyOfRun = options.hasControls ? randomBytes(18).toString('base64url') : undefined
  const app = await buildApp({
    ...options,
    ...setup,
    apiKey: options.apiKey ?? keyOfRun,
    analyzer: (text, task, signal) => pool.analyze(text, task, signal),
    log: logLevel,
    ownRedis,
  })
  app.addHook('onClose', () => pool.close())
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      // Requests that still run are answered with an error, and the connections of slow clients are cut.
      setTimeout(() => {
        void pool.close()
        setTimeout(() => app.server.closeAllConnections(), CUT_AFTER_MS).unref()
      }, SHUTDOWN_GRACE_MS).unref()
      void app.close().then(() => ownRedis?.stop())
    })
  }
  try {
    await pool.ready()
    const address = await listen(app, host, port)
    console.log(greeting({ address, backend: backendOf(setup.cache), redisUrl, keyOfRun }))
  } catch (error) {
    // Without this the connection to Redis would keep the process alive.
    await app.close()
    throw error
  }
}

async function listen(
  service: FastifyInstance,
  host: string,
  wanted: number | undefined,
): Promise<string> {
  try {
    return await service.listen({ host, port: wanted ?? 3000 })
  } catch (error) {
    const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
    if (wanted !== undefined || !isTaken) throw error
    return service.listen({ host, port: 0 })
  }
}
