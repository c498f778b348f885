import { afterEach, expect, test, vi } from 'vitest'
import { redisUrlFrom, variable } from '../../src/command-line/index.js'

const rule = {
  isRedisUrl: (url: unknown) => String(url).startsWith('redis:'),
  form: 'redis://host',
}

afterEach(() => vi.unstubAllEnvs())

test('redisUrlFrom prefers the flag to REDIS_URL, and trims both', () => {
  vi.stubEnv('REDIS_URL', ' redis://variable\n')
  expect(redisUrlFrom(undefined, rule)).toBe('redis://variable')
  expect(redisUrlFrom(' redis://flag ', rule)).toBe('redis://flag')
})

test.each([undefined, '', ' ', '\n'])('redisUrlFrom treats REDIS_URL=%j as unset', (text) => {
  vi.stubEnv('REDIS_URL', text)
  expect(redisUrlFrom(undefined, rule)).toBeUndefined()
  expect(variable('REDIS_URL')).toBeUndefined()
})

test('errors name the flag or the variable, and never show its text', () => {
  vi.stubEnv('REDIS_URL', 'http://user:s3cret@host')
  expect(() => redisUrlFrom(undefined, rule)).toThrow(
    /^REDIS_URL must be redis:\/\/host; received another text$/,
  )
  expect(() => redisUrlFrom('http://user:s3cret@host', rule)).toThrow(
    /^--redis-url must be redis:\/\/host; received another text$/,
  )
  expect(() => redisUrlFrom('', rule)).toThrow('received an empty text')
})
