import { ConfigurationError } from '@verbatim/cache-core'
import { Redis } from 'ioredis'
import { afterEach, describe, expect, test } from 'vitest'
import { createRedisClient } from '../../src/connection/clients.js'
import { checkLocation, type LocationOptions } from '../../src/connection/location.js'
import { tlsFor } from '../../src/connection/redis-url.js'
import { resolveOptions } from '../../src/options.js'

const made: Redis[] = []
afterEach(() => {
  for (const client of made.splice(0)) client.disconnect()
})

function lazyClient(options: object = {}): Redis {
  const client = new Redis({ lazyConnect: true, ...options })
  made.push(client)
  return client
}

describe('where Redis is', () => {
  test('one server', () => {
    const { client: _, ...resolved } = resolveOptions({ redisUrl: 'redis://h/3' })
    expect(resolved).toMatchObject({ ownsClient: true, database: 3 })
  })

  test('by Sentinel', () => {
    expect(
      checkLocation({
        sentinel: {
          name: 'cache',
          urls: ['redis://:s@a', 'redis://b:1', 'redis://:s@c'],
          username: 'user',
          password: 'p',
          database: 2,
          tls: true,
        },
      }),
    ).toEqual({
      kind: 'sentinel',
      name: 'cache',
      sentinels: [
        { host: 'a', port: 26_379, db: 0, password: 's' },
        { host: 'b', port: 1, db: 0 },
        { host: 'c', port: 26_379, db: 0, password: 's' },
      ],
      username: 'user',
      password: 'p',
      database: 2,
      tls: true,
      tlsFor,
    })
  })

  test('a Cluster', () => {
    expect(checkLocation({ cluster: { urls: ['rediss://u:p@a:1', 'rediss://b'] } })).toEqual({
      kind: 'cluster',
      nodes: [
        { host: 'a', port: 1, db: 0, username: 'u', password: 'p', tls: { servername: 'a' } },
        { host: 'b', port: 6_379, db: 0, tls: { servername: 'b' } },
      ],
      tlsFor,
    })
  })

  test('a client', () => {
    const client = lazyClient()
    expect(resolveOptions({ client })).toMatchObject({ client, ownsClient: false, database: 0 })
  })
})

describe('is refused', () => {
  const sentinel = { name: 'cache', urls: ['redis://a'] }
  const refused = (options: unknown): ConfigurationError => {
    try {
      checkLocation(options as LocationOptions)
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigurationError)
      return error as ConfigurationError
    }
    throw new Error('it was not refused')
  }

  test.each<[unknown, string]>([
    [{ redisUrl: 'redis://h', sentinel }, 'may be given; received redisUrl and sentinel'],
    [{ cluster: { urls: [] }, client: {} }, 'may be given; received cluster and client'],
    [{ redisUrl: '' }, 'redisUrl must be redis://'],
    [{ sentinel: 'redis://h' }, 'sentinel must be a plain object; received a string'],
    [
      { sentinel: { urls: ['redis://a'] } },
      'sentinel.name must be the name that the sentinels use for the master; received undefined',
    ],
    [{ sentinel: { ...sentinel, name: '' } }, 'for the master; received an empty string'],
    [
      { sentinel: { name: 'cache' } },
      'sentinel.urls must be an array of at least one URL; received undefined',
    ],
    [
      { sentinel: { ...sentinel, urls: 'redis://a' } },
      'sentinel.urls must be an array of at least one URL; received a string',
    ],
    [
      { sentinel: { ...sentinel, urls: [] } },
      'sentinel.urls must be an array of at least one URL; received an array',
    ],
    [{ sentinel: { ...sentinel, urls: ['redis://a', 'x'] } }, 'sentinel.urls[1] must be redis://'],
    [{ sentinel: { ...sentinel, urls: ['redis://a/1'] } }, 'received a URL with a database'],
    [
      { sentinel: { ...sentinel, username: 1 } },
      'sentinel.username must be a string that is not empty; received 1',
    ],
    [
      { sentinel: { ...sentinel, password: '' } },
      'sentinel.password must be a string that is not empty; received an empty string',
    ],
    [
      { sentinel: { ...sentinel, database: -1 } },
      'sentinel.database must be an integer from 0 to 2147483647; received -1',
    ],
    [
      { sentinel: { ...sentinel, database: '1' } },
      'sentinel.database must be an integer from 0 to 2147483647; received a string',
    ],
    [
      { sentinel: { ...sentinel, tls: 'yes' } },
      'sentinel.tls must be true or false; received a string',
    ],
    [{ cluster: ['redis://a'] }, 'cluster must be a plain object; received an array'],
    [{ cluster: {} }, 'cluster.urls must be an array of at least one URL; received undefined'],
    [{ cluster: { urls: ['redis://a/1'] } }, 'received a URL with a database'],
    [
      { cluster: { urls: ['redis://a', 'rediss://b'] } },
      'received a URL that differs from the first in whether it uses TLS',
    ],
    [
      { cluster: { urls: ['redis://:p@a', 'redis://:q@b'] } },
      'received a URL with a user or password other than those of the first',
    ],
    [
      { cluster: { urls: ['redis://a', 'redis://:q@b'] } },
      'received a URL with a user or password other than those of the first',
    ],
    [{ client: {} }, 'client must be a Redis or Cluster of ioredis 5 or 6; received an object'],
    [
      { client: 'redis://h' },
      'client must be a Redis or Cluster of ioredis 5 or 6; received a string',
    ],
    [{ client: null }, 'client must be a Redis or Cluster of ioredis 5 or 6; received null'],
  ])('%j', (options, message) => {
    expect(refused(options).message).toContain(message)
  })

  test.each<[string, LocationOptions, string]>([
    [
      'sentinel.db',
      { sentinel: Object.assign({ db: 3 }, sentinel) },
      'sentinel must not have the unknown field db. Known fields: name, urls, username,',
    ],
    [
      'sentinel.sentinelPassword',
      { sentinel: Object.assign({ sentinelPassword: 's3cret' }, sentinel) },
      'sentinel must not have the unknown field sentinelPassword.',
    ],
    [
      'sentinel.databse',
      { sentinel: Object.assign({ databse: 3 }, sentinel) },
      'unknown field databse. Did you mean database?',
    ],
    [
      'cluster.password',
      { cluster: Object.assign({ password: 's3cret' }, { urls: ['redis://a'] }) },
      'cluster must not have the unknown field password. Known fields: urls',
    ],
    [
      'cluster.tls',
      { cluster: Object.assign({ tls: true }, { urls: ['redis://a'] }) },
      'cluster must not have the unknown field tls.',
    ],
  ])('names the unknown field %s and the known fields', (_, options, message) => {
    const error = refused(options)
    expect(error).toMatchObject({ code: 'INVALID_OPTION' })
    expect(error.message).toContain(message)
    expect(JSON.stringify(error) + String(error.stack)).not.toContain('s3cret')
  })

  test.each(['sentinel', 'cluster'])('refuses a Map in place of %s', (option) => {
    expect(refused({ [option]: new Map() }).message).toBe(
      `${option} must be a plain object; received an object`,
    )
  })

  test('a client with a prefix of its own', () => {
    expect(refused({ client: lazyClient({ keyPrefix: 'mine:' }) }).message).toContain('keyPrefix')
  })

  test('without showing a password', () => {
    const urls = ['redis://:s3cret@a', 'redis://:s3cret2@b']
    const error = refused({ cluster: { urls } })
    expect(JSON.stringify(error) + String(error.stack)).not.toContain('s3cret')
  })
})

describe('a client of the cache', () => {
  test.each<[LocationOptions]>([
    [{ redisUrl: 'redis://:p@h' }],
    [{ sentinel: { name: 'cache', urls: ['redis://h'], password: 'p' } }],
  ])('sends nothing twice and keeps nothing for later: %j', (where) => {
    const { options } = createRedisClient(checkLocation(where), 200) as Redis
    expect(options).toMatchObject({
      username: 'default',
      password: 'p',
      maxRetriesPerRequest: 0,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      lazyConnect: true,
    })
  })
})
