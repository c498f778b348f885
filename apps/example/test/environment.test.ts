import { expect, test } from 'vitest'
import { readEnvironment } from '../src/environment.js'
import { greeting } from '../src/greeting.js'

test('an empty environment means port 3000 if it is free and no Redis', () => {
  expect(readEnvironment({})).toEqual({
    port: undefined,
    redisUrl: undefined,
    tenantHeader: undefined,
    apiKey: undefined,
    logLevel: undefined,
  })
  expect(readEnvironment({ PORT: '', REDIS_URL: ' ', TENANT_HEADER: '' })).toEqual(
    readEnvironment({}),
  )
})

test('readEnvironment reads a port and a Redis URL', () => {
  expect(readEnvironment({ PORT: '0', REDIS_URL: 'redis://127.0.0.1' })).toMatchObject({
    port: 0,
    redisUrl: 'redis://127.0.0.1',
  })
})

test('in production an API key is required, and requests are logged', () => {
  expect(() => readEnvironment({ NODE_ENV: 'production' })).toThrow(
    'API_KEY must be set when NODE_ENV is production',
  )
  const API_KEY = 'sixteen-letters!'
  expect(readEnvironment({ NODE_ENV: 'production', API_KEY })).toMatchObject({
    apiKey: API_KEY,
    logLevel: 'info',
  })
})

test('readEnvironment rejects a short API key without showing it, and an unknown log level', () => {
  expect(() => readEnvironment({ API_KEY: 'hunter2' })).toThrow(
    /^API_KEY must have 16 to 256 [^7]+$/,
  )
  expect(() => readEnvironment({ LOG_LEVEL: 'loud' })).toThrow('LOG_LEVEL must be one of info, ')
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
