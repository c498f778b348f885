import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { startFaultProxy } from '@verbatim/fault-proxy'
import { freePort, type RedisServer, startRedis } from '@verbatim/test-support'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { GenericRedisCache } from '../../src/index.js'
import { GRACE_MS, recordMessages } from './set-up.js'

const messages = recordMessages()
const SECRET = 'hunter2-secret'

let redis: RedisServer
let admin: Redis
beforeAll(async () => {
  redis = await startRedis()
  admin = new Redis(redis.url)
  const all = ['on', `>${SECRET}`, '~*', '&*', '+@all']
  await admin.call('ACL', 'SETUSER', 'without-time', ...all, '-time')
  await admin.call('ACL', 'SETUSER', 'without-keys', ...all, 'resetkeys', '~other:*')
})
afterAll(async () => {
  admin.disconnect()
  await redis.stop()
})

const as = (user: string, password = SECRET): string =>
  redis.url.replace('//', `//${user}:${password}@`)

describe('a Redis that was never reached is reported once, with its place, the reason and advice', () => {
  test.each<[string, () => string | Promise<string>, string, RegExp]>([
    [
      'a wrong host',
      () => `redis://app:${SECRET}@cache.invalid:6379`,
      'E(NOTFOUND|AI_AGAIN)',
      /host name does not resolve .* check the name of the host/,
    ],
    [
      'a wrong port',
      async () => `redis://:${SECRET}@127.0.0.1:${await freePort()}/3`,
      'ECONNREFUSED',
      /nothing listens on that port .* check the host and the port/,
    ],
    [
      'a wrong password',
      () => as('without-time', `${SECRET}-wrong`),
      'WRONGPASS',
      /the user or the password is wrong .* check both/,
    ],
    [
      'a wrong database',
      () => `${redis.url}/99`,
      'DB_INDEX_OUT_OF_RANGE',
      /has no database 99 .* use a number below/,
    ],
    [
      'a forbidden command',
      () => as('without-time'),
      'NOPERM TIME',
      /does not permit this user the command TIME .*ACL SETUSER <user> \+time/,
    ],
    [
      'forbidden keys',
      () => as('without-keys'),
      'NOPERM KEYS',
      /does not permit this user the keys of the cache .* key pattern cache:\*/,
    ],
  ])('%s', async (_what, urlOf, code, text) => {
    const redisUrl = await urlOf()
    const cache = messages.open({ redisUrl, name: 'sessions' })
    const warnings = await messages.warningsAfterUse(cache)
    const host = new URL(redisUrl).host
    expect(warnings).toEqual([
      { code: 'VERBATIM_REDIS_UNREACHABLE', message: expect.stringMatching(text) },
    ])
    const message = warnings[0]?.message ?? ''
    expect(message).toContain(`sessions: Redis at ${host} `)
    expect(message).toMatch(/the cache uses the memory of this process only/)
    const { lastError, lastErrorCode } = cache.getStats().redis
    expect(lastErrorCode).toMatch(new RegExp(`^${code}$`))
    expect(message).toContain(lastError)
    expect(`${message}${lastError}`).not.toMatch(/hunter2|without-time|app:|redis:\/\/[^f]/)
    // It stays one, however long the outage.
    await cache.set('key', 1)
    await sleep(300)
    expect(messages.warnings.all).toHaveLength(1)
  })

  test('a server that accepts connections and answers nothing', async () => {
    const server = createServer((socket) => socket.on('error', () => undefined))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    const cache = messages.open({ redisUrl: `redis://127.0.0.1:${port}` })
    expect(await messages.warningsAfterUse(cache)).toEqual([
      {
        code: 'VERBATIM_REDIS_UNREACHABLE',
        message: expect.stringMatching(/raise commandTimeout/),
      },
    ])
    server.close()
  })

  test('a server of another protocol', async () => {
    const web = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')
    })
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve))
    const { port } = web.address() as { port: number }
    const cache = messages.open({ redisUrl: `redis://127.0.0.1:${port}` })
    const [warning] = await messages.warningsAfterUse(cache)
    expect(warning?.message).toMatch(/check that (the port is that of Redis|Redis runs there)/)
    web.close()
  })

  test('a server that is farther away than commandTimeout allows', async () => {
    const proxy = await startFaultProxy({ target: redis.port })
    await proxy.delay({ milliseconds: 150 })
    const cache = messages.open({ redisUrl: proxy.url, commandTimeout: 100 })
    const [warning] = await messages.warningsAfterUse(cache)
    expect(warning?.message).toMatch(/within commandTimeout \(100 ms\).* raise commandTimeout/)
    await cache.close()
    await proxy.close()
  })

  test('sentinels that cannot be reached', async () => {
    const urls = [`redis://:${SECRET}@127.0.0.1:${await freePort()}`]
    const cache = messages.open({ sentinel: { name: 'main', urls, password: SECRET } })
    const [warning] = await messages.warningsAfterUse(cache)
    expect(warning?.message).toContain('Redis (master "main" of the sentinels at 127.0.0.1:')
    expect(warning?.message).not.toContain(SECRET)
  })

  test('a Cluster that cannot be reached', async () => {
    const urls = [`redis://:${SECRET}@127.0.0.1:${await freePort()}`]
    const cache = messages.open({ cluster: { urls } })
    const [warning] = await messages.warningsAfterUse(cache)
    expect(warning?.message).toMatch(/^Redis Cluster at 127\.0\.0\.1:\d+ .*\(ECONNREFUSED\)/)
    expect(warning?.message).not.toContain(SECRET)
  })

  test('a client that was handed in', async () => {
    const port = await freePort()
    const client = new Redis(`redis://:${SECRET}@127.0.0.1:${port}`, { lazyConnect: true })
    client.on('error', () => undefined)
    const cache = messages.open({ client })
    const [warning] = await messages.warningsAfterUse(cache)
    expect(warning?.message).toContain(`Redis at 127.0.0.1:${port} `)
    expect(warning?.message).not.toContain(SECRET)
    await cache.close()
    client.disconnect()
  })
})

describe('TLS', () => {
  let folder: string
  let secure: RedisServer
  let port: number
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'verbatim-tls-'))
    const file = (name: string): string => path.join(folder, name)
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
    await promisify(execFile)('openssl', [
      ...['req', '-x509', ...key, '-subj', '/CN=localhost', '-days', '2'],
      ...['-keyout', file('key'), '-out', file('certificate')],
    ])
    port = await freePort()
    secure = await startRedis(
      ...['--tls-port', String(port), '--tls-auth-clients', 'no'],
      ...['--tls-ca-cert-file', file('certificate')],
      ...['--tls-cert-file', file('certificate'), '--tls-key-file', file('key')],
    )
  })
  afterAll(async () => {
    await secure.stop()
    await rm(folder, { recursive: true })
  })

  test.each([
    ['a certificate nobody signed', () => `rediss://localhost:${port}`, /NODE_EXTRA_CA_CERTS/],
    [
      'a server without TLS',
      () => `rediss://127.0.0.1:${secure.port}`,
      /speaks TLS|redis:\/\/ for/,
    ],
    ['a server with TLS alone', () => `redis://127.0.0.1:${port}`, /use rediss:\/\//],
  ])('%s is reported with what to do', async (_what, urlOf, advice) => {
    const [warning] = await messages.warningsAfterUse(messages.open({ redisUrl: urlOf() }))
    expect(warning?.message).toMatch(advice)
  })
})

describe('nothing is reported', () => {
  test('of a cache that is closed first', async () => {
    const cache = messages.open({ redisUrl: `redis://127.0.0.1:${await freePort()}` })
    await cache.get('key')
    await cache.close()
    await sleep(GRACE_MS + 700)
    expect(messages.warnings.all).toEqual([])
  })

  test('of a cache that is not used', async () => {
    messages.open({ redisUrl: `redis://127.0.0.1:${await freePort()}` })
    await sleep(GRACE_MS + 700)
    expect(messages.warnings.all).toEqual([])
  })

  test('of a Redis that comes up in the first moments', async () => {
    const late = await startRedis()
    await late.stop()
    const cache = messages.open({ redisUrl: late.url })
    await cache.get('key')
    await sleep(200)
    await late.start()
    await vi.waitFor(() => expect(cache.getStats().mode).toBe('redis'), { timeout: 5_000 })
    await sleep(GRACE_MS)
    await cache.close()
    await late.stop()
    expect(messages.warnings.all).toEqual([])
  })

  test('of a cache that is memory only by choice', async () => {
    const cache = messages.open({})
    await cache.set('key', 1)
    await sleep(GRACE_MS + 700)
    expect(messages.warnings.all).toEqual([])
  })

  test('because the event loop was blocked while the connection came up', async () => {
    const cache = messages.open({ redisUrl: redis.url })
    const connected = cache.connect()
    const until = performance.now() + 2 * GRACE_MS
    while (performance.now() < until);
    await connected
    await vi.waitFor(() => expect(cache.getStats().mode).toBe('redis'), { timeout: 5_000 })
    await sleep(GRACE_MS)
    expect(messages.warnings.all).toEqual([])
  })
})

test('connect that returns false is followed by the report, too', async () => {
  const cache = messages.open({ redisUrl: `redis://127.0.0.1:${await freePort()}` })
  expect(await cache.connect()).toBe(false)
  await vi.waitFor(() => expect(messages.warnings.all).toHaveLength(1), { timeout: 5_000 })
})

test('the recovery is reported with how long it took', async () => {
  const late = await startRedis()
  await late.stop()
  const cache = messages.open({ redisUrl: late.url, name: 'sessions' })
  await messages.warningsAfterUse(cache)
  await late.start()
  await vi.waitFor(() => expect(messages.warnings.all).toHaveLength(2), { timeout: 10_000 })
  expect(messages.warnings.all[1]).toEqual({
    code: 'VERBATIM_REDIS_RECOVERED',
    message: expect.stringMatching(
      /^sessions: Redis at 127.0.0.1:\d+ is available, after \d+\.\d s\.$/,
    ),
  })
  await cache.close()
  await late.stop()
})

test('hundreds of caches on one dead Redis emit a few warnings', async () => {
  const redisUrl = `redis://127.0.0.1:${await freePort()}`
  const caches = Array.from({ length: 300 }, () => new GenericRedisCache({ redisUrl }))
  await Promise.all(caches.map((cache) => cache.get('key')))
  await sleep(GRACE_MS + 2_000)
  await Promise.all(caches.map((cache) => cache.close()))
  expect(messages.warnings.all.length).toBeGreaterThanOrEqual(10)
  expect(messages.warnings.all.length).toBeLessThanOrEqual(22)
})
