import { ConfigurationError } from '@verbatim/cache-core'
import { describe, expect, test } from 'vitest'
import { parseRedisUrl } from '../../src/connection/redis-url.js'

describe('a Redis URL', () => {
  test.each([
    ['redis://localhost', { host: 'localhost', port: 6379, db: 0 }],
    ['redis://10.0.0.1:7000/3', { host: '10.0.0.1', port: 7000, db: 3 }],
    ['redis://[::1]:7000/', { host: '::1', port: 7000, db: 0 }],
    ['redis://:p%40ss@h', { host: 'h', port: 6379, db: 0, password: 'p@ss' }],
    ['redis://me:p@h', { host: 'h', port: 6379, db: 0, username: 'me', password: 'p' }],
    ['rediss://h', { host: 'h', port: 6379, db: 0, tls: { servername: 'h' } }],
    ['REDISS://h', { host: 'h', port: 6379, db: 0, tls: { servername: 'h' } }],
    [
      'UNIX:///run/my%20redis.sock',
      { host: 'localhost', port: 0, db: 0, path: '/run/my redis.sock' },
    ],
    ['rediss://10.0.0.1', { host: '10.0.0.1', port: 6379, db: 0, tls: {} }],
  ])('%s', (url, target) => {
    expect(parseRedisUrl(url)).toEqual(target)
  })

  test.each([
    ['localhost:6379', 'received a string without redis://'],
    ['s3cret:password@host', 'received a string without redis://'],
    ['http://h', 'received a URL with the scheme http:'],
    ['redis:///1', 'received a URL without a host'],
    ['unix://h/redis.sock', 'received a unix URL with a host'],
    ['unix:///', 'received a unix URL without a path'],
    ['unix:///redis.sock?db=1', 'received a URL with a query or a fragment'],
    ['redis://h/one', 'received a URL with a path that is not a database number'],
    ['redis://h?commandTimeout=1', 'received a URL with a query or a fragment'],
    ['redis://h#x', 'received a URL with a query or a fragment'],
    ['redis://me:%zz@h', 'received a URL with a % that escapes nothing'],
    ['nonsense', 'received a string that is not a URL'],
    ['', 'received an empty string'],
    [42, 'received 42'],
  ])('%s is refused', (url, message) => {
    expect(() => parseRedisUrl(url)).toThrow(ConfigurationError)
    expect(() => parseRedisUrl(url)).toThrow(message)
  })

  test('a refusal does not show the password', () => {
    expect(() => parseRedisUrl('redis://me:s3cret@h?x=1')).toThrow(/^(?!.*s3cret)/)
  })
})
