import { Cluster, Redis } from 'ioredis'
import { expect, test } from 'vitest'
import { placeOf, usesTls } from '../../src/messages/describe-failure.js'

const lazy = { lazyConnect: true }
const SECRET = 'hunter2'

test.each<[string, () => Redis | Cluster, string]>([
  ['a host', () => new Redis('redis://cache:7000', lazy), 'Redis at cache:7000'],
  [
    'a URL with a password',
    () => new Redis(`rediss://app:${SECRET}@cache.example:7000/3`, lazy),
    'Redis at cache.example:7000',
  ],
  ['an IPv6 address', () => new Redis({ ...lazy, host: '::1', port: 7000 }), 'Redis at [::1]:7000'],
  ['a socket', () => new Redis({ ...lazy, path: '/run/redis.sock' }), 'Redis at /run/redis.sock'],
  ['nothing said', () => new Redis(lazy), 'Redis at localhost:6379'],
  [
    'sentinels',
    () =>
      new Redis({
        ...lazy,
        name: 'main',
        sentinels: ['a', 'b', 'c', 'd'].map((host) => ({ host, port: 26_379 })),
        sentinelPassword: SECRET,
      }),
    'Redis (master "main" of the sentinels at a:26379, b:26379, c:26379, …)',
  ],
  [
    'a Cluster by URLs, ports and objects',
    () => new Cluster([`redis://:${SECRET}@a:7000`, 7001, { host: 'b', port: 7002 }], lazy),
    'Redis Cluster at a:7000, localhost:7001, b:7002',
  ],
])('%s is named without its password', (_what, create, place) => {
  const client = create()
  expect(placeOf(client)).toBe(place)
  client.disconnect()
})

test('TLS is recognized', () => {
  const clients = [
    new Redis('rediss://cache:7000', lazy),
    new Cluster(['redis://a:7000'], { ...lazy, redisOptions: { tls: {} } }),
    new Redis('redis://cache:7000', lazy),
  ]
  expect(clients.map(usesTls)).toEqual([true, true, false])
  for (const client of clients) client.disconnect()
})
