import { expect, test } from 'vitest'
import { readEnvironment } from '../src/environment.js'
import { greeting } from '../src/greeting.js'

test('an empty environment means port 3000 if it is free and no Redis', () => {
  expect(readEnvironment({})).toEqual({
    port: undefined,
    redisUrl: undefined,
    tenantHeader: undefined,
  })
  expect(readEnvironment({ PORT: '', REDIS_URL: ' ', TENANT_HEADER: '' })).toEqual(
    readEnvironment({}),
  )
})

test('readEnvironment reads a port and a Redis URL', () => {
  expect(readEnvironment({ PORT: '0', REDIS_URL: 'redis://127.0.0.1' })).toEqual({
    port: 0,
    redisUrl: 'redis://127.0.0.1',
    tenantHeader: undefined,
  })
})

test('readEnvironment reads the name of the tenant header in lower case', () => {
  expect(readEnvironment({ TENANT_HEADER: ' X-Tenant ' }).tenantHeader).toBe('x-tenant')
  expect(() => readEnvironment({ TENANT_HEADER: 'X Tenant: ada' })).toThrow(
    'TENANT_HEADER must be the name of a request header',
  )
})

test.each(['http', '-1', '65536', '3000.5', '8 0', '0x50'])(
  'readEnvironment rejects PORT=%s',
  (PORT) => {
    expect(() => readEnvironment({ PORT })).toThrow('PORT must be an integer from 0 to 65535')
  },
)

test.each(['redis', 'memory_only'] as const)(
  'the greeting in mode %s hides the password',
  (mode) => {
    const memory = { activeEntries: 0, maxSize: 100 }
    const backend = { mode, redis: 'connected', memory } as const
    const text = greeting('http://127.0.0.1:1', backend, 'redis://ann:hunter2@cache.local:6380/3')
    expect(text).toContain('cache.local:6380')
    expect(text).not.toMatch(/ann|hunter2/)
  },
)
