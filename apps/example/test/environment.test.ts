import { expect, test } from 'vitest'
import { readEnvironment } from '../src/environment.js'
import { greeting } from '../src/greeting.js'

test('an empty environment means port 3000 if it is free and no Redis', () => {
  expect(readEnvironment({})).toEqual({
    host: '127.0.0.1',
    port: undefined,
    redisUrl: undefined,
    redisCommand: undefined,
    tenantHeader: undefined,
    apiKey: undefined,
    logLevel: undefined,
    hasControls: true,
    model: undefined,
    links: {},
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

test.each([
  { NODE_ENV: 'production', API_KEY: 'sixteen-letters!' },
  { API_KEY: 'sixteen-letters!' },
  { HOST: '0.0.0.0' },
])('with %j the page has no controls that work without a key', (variables) => {
  expect(readEnvironment(variables).hasControls).toBe(false)
})

test('readEnvironment reads a model, and requires its key', () => {
  const OPENAI_API_KEY = 'secret'
  expect(readEnvironment({ MODEL: 'small', OPENAI_API_KEY }).model).toEqual({
    model: 'small',
    modelApiKey: OPENAI_API_KEY,
    modelBaseUrl: undefined,
  })
  expect(() => readEnvironment({ MODEL: 'small' })).toThrow('OPENAI_API_KEY must be set')
  expect(() =>
    readEnvironment({ MODEL: 'small', OPENAI_API_KEY, OPENAI_BASE_URL: 'localhost' }),
  ).toThrow('OPENAI_BASE_URL must be an address')
})

test('readEnvironment rejects a Redis beside the one that the service starts', () => {
  const variables = { REDIS_URL: 'redis://127.0.0.1', START_REDIS: 'redis-server' }
  expect(() => readEnvironment(variables)).toThrow('REDIS_URL must be unset')
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
    const text = greeting({
      address: 'http://127.0.0.1:1',
      backend,
      redisUrl: 'redis://ann:hunter2@cache.local:6380/3',
      keyOfRun: undefined,
    })
    expect(text).toContain('cache.local:6380')
    expect(text).not.toMatch(/ann|hunter2/)
  },
)
