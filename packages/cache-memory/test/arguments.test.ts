import { ConfigurationError, ValidationError } from '@verbatim/cache-core'
import { expect, test } from 'vitest'
import { InMemoryCache, type InMemoryCacheOptions } from '../src/index.js'

test('the constructor rejects an unknown option and suggests the known one', () => {
  const misspelled: [options: object, message: string][] = [
    [{ maxsize: 5 }, 'unknown field maxsize. Did you mean maxSize?'],
    [{ default_ttl: 5 }, 'unknown field default_ttl. Did you mean defaultTtl?'],
    [{ monitor: undefined }, 'unknown field monitor.'],
    [{ maxSize: 5, redisUrl: 'redis://:hunter2@localhost' }, 'unknown field redisUrl.'],
  ]
  for (const [options, message] of misspelled) {
    const create = (): InMemoryCache => new InMemoryCache(options)
    expect(create).toThrow(ConfigurationError)
    expect(create).toThrow(message)
    expect(create).not.toThrow('hunter2')
  }
})

test('the constructor rejects anything but a plain object', () => {
  for (const bad of [null, 5, 'text', [], new Map([['maxSize', 5]]), () => ({})]) {
    const create = (): InMemoryCache => new InMemoryCache(bad as InMemoryCacheOptions)
    expect(create).toThrow(ConfigurationError)
    expect(create).toThrow('options must be a plain object; received')
  }
})

test('the constructor rejects a clock or a monitor without its methods', () => {
  for (const bad of [null, 5, 'text', {}, { now: 1, wallTime: 2 }, Date]) {
    for (const name of ['clock', 'performanceMonitor']) {
      const create = (): InMemoryCache => new InMemoryCache({ [name]: bad })
      expect(create).toThrow(ConfigurationError)
      expect(create).toThrow(name)
    }
  }
})

test('on rejects unknown events and listeners that are not functions', () => {
  const cache = new InMemoryCache()
  expect(() => cache.on('eviction' as 'evicted', () => {})).toThrow(ValidationError)
  expect(() => cache.on('Evicted' as 'evicted', () => {})).toThrow('Did you mean evicted?')
  expect(() => cache.on('evicted', undefined as unknown as () => void)).toThrow(ValidationError)
})

test('peek rejects anything but a key', () => {
  const cache = new InMemoryCache()
  for (const bad of [undefined, null, 5, {}, ['key'], ''] as string[]) {
    expect(() => cache.peek(bad)).toThrow(ValidationError)
  }
  expect(cache.getStats()).toMatchObject({ hits: 0, misses: 0 })
})
