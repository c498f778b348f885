import { copyFile } from 'node:fs/promises'
import { Secret } from '@verbatim/cache-core'
import { Certificates, type RedisServer } from '@verbatim/test-support'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { GenericRedisCache, type SecurityConfigOptions } from '../../src/index.js'

let certificates: Certificates
let redis: RedisServer
let admin: Redis
let tlsPort: number
const file = (name: string): string => certificates.file(name)
const opened: GenericRedisCache[] = []

beforeAll(async () => {
  certificates = await Certificates.create()
  await certificates.authority('root')
  await Promise.all(['server', 'one', 'two'].map((name) => certificates.issue(name, 'root')))
  ;({ redis, tlsPort } = await certificates.startServer())
  admin = new Redis(redis.url)
})
afterEach(async () => {
  await Promise.all(opened.splice(0).map((cache) => cache.close()))
})
afterAll(async () => {
  admin.disconnect()
  await redis.stop()
  await certificates[Symbol.asyncDispose]()
})

async function open(securityConfig: SecurityConfigOptions): Promise<GenericRedisCache> {
  const cache = new GenericRedisCache({
    ...{ redisUrl: `rediss://localhost:${tlsPort}`, enableL1Cache: false, commandTimeout: 5_000 },
    ...{ onBackendError: 'throw', securityConfig },
  })
  opened.push(cache)
  await cache.connect({ required: true })
  return cache
}

/** Calls the cache until a task has ended. Returns the number of calls; rejects with the error of a call. */
async function underLoad(cache: GenericRedisCache, task: () => Promise<unknown>): Promise<number> {
  const ended = new AbortController()
  let calls = 0
  const load = async (): Promise<void> => {
    while (!ended.signal.aborted) {
      await cache.set('key', calls)
      expect(await cache.get('key')).toBeTypeOf('number')
      calls += 2
    }
  }
  const loads = [load(), load()]
  await task().finally(() => ended.abort())
  await Promise.all(loads)
  return calls
}

const use = (name: string): Promise<void[]> =>
  Promise.all(['crt', 'key'].map((kind) => copyFile(file(`${name}.${kind}`), file(`used.${kind}`))))

describe('certificates that are replaced', () => {
  test('fail no call, and serve the next connections', async () => {
    await use('one')
    const security = {
      ...{
        tlsCaPath: file('root.crt'),
        tlsCertPath: file('used.crt'),
        tlsKeyPath: file('used.key'),
      },
    }
    const cache = await open(security)
    const calls = await underLoad(cache, async () => {
      await use('two')
      await certificates.issue('server-2', 'root')
      await admin.call(
        ...(['CONFIG', 'SET', 'tls-cert-file', file('server-2.crt')] as const),
        ...(['tls-key-file', file('server-2.key')] as const),
      )
      await (await open(security)).set('of another connection', 1)
    })
    expect(calls).toBeGreaterThan(10)
    expect(cache.getStats().redis.errors).toEqual({})
    // The connection of the first certificate ends; the cache connects again with the second one.
    await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    await vi.waitFor(async () => expect(await cache.get('key')).toBeTypeOf('number'), {
      timeout: 10_000,
    })
  })
})

describe('a password from a function', () => {
  const security = (password: () => string | Secret | Promise<string>): SecurityConfigOptions => ({
    ...{ aclUsername: 'rotating', aclPassword: password },
    ...{ tlsCaPath: file('root.crt'), tlsCertPath: file('one.crt'), tlsKeyPath: file('one.key') },
  })
  const setPasswords = (...rules: string[]): Promise<unknown> =>
    admin.call('ACL', 'SETUSER', 'rotating', 'on', '~*', '&*', '+@all', 'resetpass', ...rules)

  test('is asked for at each connection, and changes without a failed call', async () => {
    let current = 'first'
    const asked = vi.fn(async () => current)
    await setPasswords('>first')
    const cache = await open(security(asked))
    const before = asked.mock.calls.length
    const calls = await underLoad(cache, async () => {
      await admin.call('ACL', 'SETUSER', 'rotating', '>second')
      current = 'second'
      await (await open(security(asked))).set('of another connection', 1)
      await admin.call('ACL', 'SETUSER', 'rotating', '<first')
    })
    expect(calls).toBeGreaterThan(0)
    expect(cache.getStats().redis.errors).toEqual({})
    await admin.call('CLIENT', 'KILL', 'USER', 'rotating')
    await vi.waitFor(async () => expect(await cache.get('key')).toBeTypeOf('number'), {
      timeout: 10_000,
    })
    expect(asked.mock.calls.length).toBeGreaterThan(before + 1)
  })

  test('may be a secret', async () => {
    await setPasswords('>hidden')
    const cache = await open(security(() => new Secret('hidden')))
    await cache.set('key', 1)
    expect(await cache.get('key')).toBe(1)
  })

  test('that cannot be had is reported without the reason of the function', async () => {
    const failing = security(() => Promise.reject(new Error('canary-0815')))
    const cache = new GenericRedisCache({
      ...{ redisUrl: `rediss://localhost:${tlsPort}`, securityConfig: failing, commandTimeout: 50 },
    })
    opened.push(cache)
    expect(await cache.connect()).toBe(false)
    const { lastError, lastErrorCode } = cache.getStats().redis
    expect(lastErrorCode).toBe('PASSWORD_UNAVAILABLE')
    expect(lastError).not.toContain('canary')
  })
})
