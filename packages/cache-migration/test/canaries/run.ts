// Uses every secret in many ways that fail, and prints every output that a user could log. The test searches it.
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { inspect } from 'node:util'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { AIResponseCache } from '@verbatim/cache-ai'
import { Secret } from '@verbatim/cache-core'
import { CachePerformanceMonitor, combineMonitors } from '@verbatim/cache-monitoring'
import { OpenTelemetryMonitor } from '@verbatim/cache-monitoring/otel'
import { prometheusRegistry } from '@verbatim/cache-monitoring/prometheus'
import {
  createSecurityConfigFromEnv,
  GenericRedisCache,
  type GenericRedisCacheOptions,
  generateAcl,
  KeyRing,
  RedisCacheSecurityManager,
  SecurityConfig,
} from '@verbatim/cache-redis'
import { Redis } from 'ioredis'
import { CacheMigrationManager } from '../../src/index.js'
import type { Canaries, Scene } from './scene.js'

const scene = JSON.parse(process.env['CANARY_SCENE'] ?? '') as Scene
const { secrets, redisUrl, tlsUrl, pausedUrl, folder } = scene
const file = (name: string): string => path.join(folder, name)

/** An instance, which no cache in Redis can store. */
class Thing {
  readonly secret: string
  constructor(secret: string) {
    this.secret = secret
  }
}

let outputs = 0
/** Prints a value in each way in which programs print values. */
function show(place: string, value: unknown): void {
  outputs++
  const forms = [inspect(value, { depth: 12, showHidden: true, getters: true }), String(value)]
  try {
    forms.push(JSON.stringify(value) ?? '')
  } catch {
    // A value in a circle has no JSON.
  }
  if (value instanceof Error)
    forms.push(value.stack ?? '', inspect(Object.entries(value)), inspect(value.cause))
  process.stdout.write(`--- ${place}\n${forms.join('\n')}\n`)
}

/** Shows the error of a task, or its result. */
async function attempt(place: string, task: () => unknown): Promise<void> {
  try {
    show(place, await task())
  } catch (error) {
    show(`${place}: error`, error)
  }
}

const log = (level: string) => (message: string) => show(`log ${level}`, message)
const logger = { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') }
process.on('warning', (warning) => show('process warning', warning))

const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })
const meters = new MeterProvider({ readers: [reader] })
const statistics = new CachePerformanceMonitor({ logger })
/** Receives every operation of every cache. */
const performanceMonitor = combineMonitors(
  statistics,
  new OpenTelemetryMonitor({ meter: meters.getMeter('canaries'), logger }),
)

/** Shows what all operations have left in the metrics. */
async function showMetrics(): Promise<void> {
  show('statistics', statistics.getPerformanceStats())
  show('exported metrics', statistics.exportMetrics())
  show('Prometheus', await prometheusRegistry(statistics).metrics())
  await reader.forceFlush()
  show('OpenTelemetry', exporter.getMetrics())
  await meters.shutdown()
}

/** Shows errors in events. Other arguments are the keys and values that a caller asked to hear of. */
function watch(cache: GenericRedisCache): void {
  cache.on('backend_error', (error) => show('event backend_error', error))
  cache.on('not_stored', (_key, error) => show('event not_stored', error))
  cache.on('foreign_value', (_key, reason) => show('event foreign_value', reason))
  cache.on('invalidation_given_up', (_kind, _name, error) => show('event given up', error))
  cache.on('certificate_expires', (certificate) => show('event certificate_expires', certificate))
  cache.on('certificate_file_error', (error) => show('event certificate_file_error', error))
}

const keys = (): KeyRing => KeyRing.parse(scene.keyRing)

/** Uses a cache in every way that fails, with secrets in each argument. */
async function misuse(name: string, options: GenericRedisCacheOptions): Promise<void> {
  const cache = new GenericRedisCache({
    ...{ logger, name, performanceMonitor, commandTimeout: 300 },
    ...options,
  })
  watch(cache)
  const { keyPart, value, tag } = secrets
  const key = `user:${keyPart}`
  const secretValue = { text: value, nested: [value] }
  const tries: Readonly<Record<string, () => unknown>> = {
    connect: () => cache.connect({ required: true }),
    set: () => cache.set(key, secretValue, { tags: [tag] }),
    'set an instance': () => cache.set(key, new Thing(value)),
    'set a function': () => cache.set(key, { field: () => value }),
    'set a large value': () => cache.set(key, value.repeat(200_000)),
    'set with a wrong TTL': () => cache.set(key, value, value as never),
    'set with wrong tags': () => cache.set(key, value, { tags: [tag, 3 as never] }),
    'set with an unknown option': () => cache.set(key, value, { unknown: value } as never),
    'get a long key': () => cache.get(keyPart.repeat(100)),
    'get an object': () => cache.get({ keyPart } as never),
    'load a function': () => cache.getOrSet(`${key}:load`, () => (() => value) as never),
    'wrong loader': () => cache.getOrSet(key, value as never),
    getMany: () => cache.getMany([key, keyPart.repeat(100)]),
    setMany: () => cache.setMany([[key, Symbol(value)]]),
    delete: () => cache.delete(key),
    'wrong pattern': () => cache.invalidatePattern(keyPart.repeat(100)),
    invalidateTags: () => cache.invalidateTags([tag]),
    'wrong event': () => cache.on(value as never, () => undefined),
    info: () => cache.getServerInfo(),
    validateSecurity: () => cache.validateSecurity(),
  }
  for (const [what, task] of Object.entries(tries)) {
    // What these return is the value, which a caller asked for.
    const isQuiet = /^(get|load)/.test(what) && what !== 'get an object'
    await attempt(`${name} ${what}`, isQuiet ? async () => void (await task()) : task)
  }
  show(`${name} stats`, cache.getStats())
  show(`${name} status`, cache.getSecurityStatus())
  show(`${name} cache`, cache)
  await cache.close()
  await attempt(`${name} closed`, () => cache.set(key, secretValue))
}

async function misuseAi(): Promise<void> {
  const { prompt, tenant, value, tag } = secrets
  const cache = new AIResponseCache({
    ...{ redisUrl, logger, performanceMonitor },
    onBackendError: 'throw',
    keyStyle: 'readable',
  })
  watch(cache)
  const request = { text: prompt, operation: 'summarize', options: { prompt }, tenant }
  const tries: Readonly<Record<string, () => unknown>> = {
    cacheResponse: () => cache.cacheResponse({ ...request, response: { value }, tags: [tag] }),
    'wrong response': () => cache.cacheResponse({ ...request, response: () => value }),
    'wrong tenant': () => cache.getCachedResponse({ ...request, tenant: { tenant } as never }),
    'wrong option': () => cache.getCachedResponse({ ...request, unknown: value } as never),
    'wrong options': () =>
      cache.getCachedResponse({ ...request, options: new Map([['a', () => prompt]]) as never }),
    invalidate: () => cache.invalidateByOperation(prompt),
    stats: () => cache.getCacheStats(),
    performance: () => cache.getPerformanceStats(),
    summary: () => cache.getPerformanceSummary(),
  }
  for (const [what, task] of Object.entries(tries)) await attempt(`AI ${what}`, task)
  await attempt('AI get', async () => void (await cache.getCachedResponse(request)))
  show('AI cache', cache)
  await cache.close()
}

/** Makes configurations that contradict themselves, with secrets in each field. */
async function misconfigure({
  password,
  user,
  url,
  passphrase,
  certificateKey,
  token,
}: Canaries): Promise<void> {
  const tries: Readonly<Record<string, () => unknown>> = {
    'wrong scheme': () =>
      new GenericRedisCache({ redisUrl: `http://${user}:${password}@host/${url}` }),
    'query in the URL': () =>
      new GenericRedisCache({ redisUrl: `redis://host/?${url}=${password}` }),
    'not a URL': () => new GenericRedisCache({ redisUrl: `${user}:${password}@host/${url}` }),
    'wrong cluster': () => new GenericRedisCache({ cluster: { urls: [`redis://host/${url}`] } }),
    'two logins': () =>
      new GenericRedisCache({
        redisUrl: `redis://${user}:${password}@localhost`,
        securityConfig: { redisAuth: password },
      }),
    'unknown field': () => new SecurityConfig({ aclUsername: user, password } as never),
    'no password': () => new SecurityConfig({ aclUsername: user }),
    'number as password': () => new SecurityConfig({ redisAuth: [password] as never }),
    'not PEM': () => new SecurityConfig({ tlsCa: certificateKey }),
    'not a key': () =>
      new SecurityConfig({ tlsCertPath: file('client.crt'), tlsKey: certificateKey }),
    'wrong passphrase': () =>
      new SecurityConfig({
        ...{ tlsCertPath: file('client.crt'), tlsKeyPath: file('locked.key') },
        tlsKeyPassphrase: passphrase,
      }),
    environment: () =>
      createSecurityConfigFromEnv({ REDIS_AUTH: password, REDIS_USE_TLS: password }),
    configuration: () => new SecurityConfig({ aclUsername: 'a', aclPassword: password }),
    'function of a token': () => new SecurityConfig({ aclUsername: 'a', aclPassword: () => token }),
    acl: () => generateAcl({ passwords: { data: password, migration: new Secret(token) } }),
    'wrong acl': () => generateAcl({ passwords: { admin: password } as never }),
    'key ring': () => keys(),
    'exported key ring': () => keys().export(),
    'wrong key ring': () => KeyRing.parse(scene.keyRing.replace('"enabled"', '"x"')),
    'key ring that is no JSON': () => KeyRing.parse(`${scene.keyRing}}`),
    'opened by another ring': () => KeyRing.generate().open(keys().seal(secrets.value, 'a'), 'a'),
    'opened elsewhere': () => keys().open(keys().seal(secrets.value, 'a'), 'b'),
    'wrong encryption': () =>
      new GenericRedisCache({ encryption: { keys: scene.keyRing as never } }),
  }
  for (const [what, task] of Object.entries(tries)) await attempt(what, task)
}

async function misuseManager({ password, user, token }: Canaries): Promise<void> {
  for (const login of [
    { aclUsername: user, aclPassword: password },
    { aclUsername: 'cache-data', aclPassword: () => token },
    { aclUsername: 'cache-data', aclPassword: () => Promise.reject(new Error(token)) },
  ]) {
    const manager = new RedisCacheSecurityManager(login)
    await attempt('secure connection', () => manager.createSecureConnection(redisUrl))
    await attempt('test of a configuration', () => manager.testSecurityConfiguration(redisUrl))
    show('report', manager.generateSecurityReport())
    show('recommendations', manager.getSecurityRecommendations())
    show('manager', manager)
    show('manager status', manager.getSecurityStatus())
  }
}

async function misuseMigration({ keyPart, value }: Canaries): Promise<void> {
  const manager = new CacheMigrationManager({ keys: keys() })
  const cache = new GenericRedisCache({ redisUrl, keyPrefix: 'migrated:' })
  await cache.set(keyPart, value)
  const backup = file('cache.backup')
  await attempt('backup', () => manager.createBackup(cache, backup, { overwrite: true }))
  await attempt('backup of nothing', () =>
    manager.createBackup(cache, file('none'), { pattern: 'x' }),
  )
  await attempt('inspection', () => manager.inspectBackup(backup))
  await attempt('restore without keys', () =>
    new CacheMigrationManager().restoreBackup(backup, cache),
  )
  await attempt('no backup', () => manager.restoreBackup(file('locked.key'), cache))
  await cache.close()
}

const { password, user, token } = secrets
const tls = { tlsCaPath: file('root.crt') }
const logins = { aclUsername: 'cache-data', aclPassword: scene.dataPassword }
const wrong = `${user}:${password}@`
const plain = { redisUrl }
const client = new Redis(redisUrl, { lazyConnect: true })
client.on('error', (error) => show('client error', error))
const throwing = { onBackendError: 'throw' } as const
const caches: Readonly<Record<string, GenericRedisCacheOptions>> = {
  plain,
  throwing: { ...plain, ...throwing },
  encrypted: { ...plain, ...throwing, encryption: { keys: keys() } },
  'other keys': { ...plain, encryption: { keys: KeyRing.generate() } },
  'wrong login': { ...plain, securityConfig: { aclUsername: user, aclPassword: password } },
  'wrong login in the URL': { redisUrl: redisUrl.replace('//', `//${wrong}`) },
  'wrong token': { ...plain, securityConfig: { aclUsername: 'a', aclPassword: () => token } },
  'data user': { ...plain, ...throwing, securityConfig: logins },
  'few permissions': { redisUrl: scene.fewPermissionsUrl, ...throwing },
  'few permissions, degrading': { redisUrl: scene.fewPermissionsUrl },
  TLS: { redisUrl: tlsUrl, securityConfig: { ...tls, ...logins } },
  'wrong authority': { redisUrl: tlsUrl, securityConfig: logins },
  nobody: { redisUrl: `redis://${wrong}127.0.0.1:1` },
  'unknown host': { redisUrl: `redis://${wrong}absent.invalid` },
  paused: { redisUrl: pausedUrl, ...throwing },
  'memory only': {},
  'own client': { client },
}
await misconfigure(secrets)
// All at once, because some wait for servers that do not reply.
await Promise.all(Object.entries(caches).map(([name, options]) => misuse(name, options)))
client.disconnect()
await misuseAi()
await misuseManager(secrets)
await misuseMigration(secrets)
await showMetrics()
show('the certificate key', (await readFile(file('client.crt'))).length)
process.stdout.write(`${outputs} outputs\n`)
