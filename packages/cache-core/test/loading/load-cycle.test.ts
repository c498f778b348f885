import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { timers } from '../../src/implement.js'
import type { CacheError, GetOrSetOptions } from '../../src/index.js'
import { ReferenceCache } from '../testkit/reference-cache.js'

const codeOf = (error: CacheError): string => error.code

describe('a loader that requests its own key', () => {
  const options: [name: string, options: GetOrSetOptions][] = [
    ['without options', {}],
    ['with a hard timeout', { timeout: { hard: '20s' } }],
    ['with a signal', { signal: new AbortController().signal }],
  ]
  for (const [name, inner] of options) {
    test(`is rejected at once with LOAD_CYCLE, ${name}`, async () => {
      const cache = new ReferenceCache()
      const call = cache.getOrSet('key', async () => {
        await sleep(1)
        return cache.getOrSet('key', () => 'inner', inner)
      })
      await expect(call).rejects.toMatchObject({ name: 'CacheError', code: 'LOAD_CYCLE' })
      expect(await cache.getOrSet('key', () => 'later')).toBe('later')
    })
  }

  test('is rejected when it does so before its first await', async () => {
    const cache = new ReferenceCache()
    const call = cache.getOrSet('key', () => cache.getOrSet('key', () => 'inner'))
    expect(await call.catch(codeOf)).toBe('LOAD_CYCLE')
  })

  test('can catch the error and return a value', async () => {
    const cache = new ReferenceCache()
    const call = cache.getOrSet('key', async () => {
      await sleep(1)
      return cache.getOrSet('key', () => 'inner').catch(codeOf)
    })
    expect(await call).toBe('LOAD_CYCLE')
  })

  test('is rejected when it does so through helpers, timers and Promise.all', async () => {
    const cache = new ReferenceCache()
    const helper = async (): Promise<string> => {
      await new Promise((done) => timers.setTimeout(done, 1))
      const [, own] = await Promise.all([
        cache.getOrSet('other', () => sleep(1, 'other')),
        cache.getOrSet('key', () => 'inner'),
      ])
      return own
    }
    expect(await cache.getOrSet('key', helper).catch(codeOf)).toBe('LOAD_CYCLE')
  })

  test('is rejected and does not receive the stale value that it replaces', async () => {
    const cache = new ReferenceCache()
    const stale = { ttl: '1ms', staleIfError: '1h' } as const
    await cache.getOrSet('key', () => 'stale', stale)
    await sleep(5)
    let code: string | undefined
    const load = async (): Promise<string> => {
      await sleep(1)
      code = await cache.getOrSet('key', () => 'inner', stale).catch(codeOf)
      return 'loaded'
    }
    expect(await cache.getOrSet('key', load, stale)).toBe('loaded')
    expect(code).toBe('LOAD_CYCLE')
  })
})

describe('loaders of different keys that wait for each other', () => {
  test('are rejected when one requests the other and the other the first', async () => {
    const cache = new ReferenceCache()
    const a = (): Promise<string> => cache.getOrSet('a', () => sleep(1).then(b))
    const b = (): Promise<string> => cache.getOrSet('b', () => sleep(1).then(a))
    expect(await a().catch(codeOf)).toBe('LOAD_CYCLE')
    expect(await Promise.all([a().catch(codeOf), b().catch(codeOf)])).toEqual([
      'LOAD_CYCLE',
      'LOAD_CYCLE',
    ])
  })

  test('are rejected when no loader awaits anything first', async () => {
    const cache = new ReferenceCache()
    const call = cache.getOrSet('a', () =>
      cache.getOrSet('b', () => cache.getOrSet('a', () => 'inner')),
    )
    expect(await call.catch(codeOf)).toBe('LOAD_CYCLE')
  })

  test('are rejected in a ring of many keys and two caches', async () => {
    const caches = [new ReferenceCache(), new ReferenceCache()] as const
    const load = async (index: number): Promise<string> => {
      await sleep(1)
      return caches[index % 2 === 0 ? 0 : 1].getOrSet(`key ${index % 10}`, () => load(index + 1))
    }
    expect(await load(0).catch(codeOf)).toBe('LOAD_CYCLE')
  })
})

describe('callers that only share loads', () => {
  test('all get the value, for any number of joins from other loaders', async () => {
    const cache = new ReferenceCache()
    const shared = (): Promise<string> => cache.getOrSet('shared', () => sleep(5, 'shared'))
    const loads = Array.from({ length: 100 }, (_, index) =>
      cache.getOrSet(`key ${index % 50}`, async () => {
        await sleep(1)
        const [first, second] = await Promise.all([shared(), shared()])
        return first + second
      }),
    )
    expect(new Set(await Promise.all([...loads, shared()]))).toEqual(
      new Set(['sharedshared', 'shared']),
    )
  })

  test('get the value through a diamond of loaders', async () => {
    const cache = new ReferenceCache()
    const bottom = (): Promise<number> => cache.getOrSet('bottom', () => sleep(1, 1))
    const side = (key: string): Promise<number> => cache.getOrSet(key, () => bottom())
    const top = cache.getOrSet('top', async () => (await side('left')) + (await side('right')))
    expect(await top).toBe(2)
  })

  test('get the value of a key whose load was started by code that outlived its loader', async () => {
    const cache = new ReferenceCache()
    let late: Promise<string> | undefined
    const load = (): string => {
      late = sleep(10).then(() => cache.getOrSet('key', () => 'again'))
      return 'first'
    }
    expect(await cache.getOrSet('key', load, { ttl: '1ms' })).toBe('first')
    await sleep(5)
    expect(await late).toBe('again')
  })

  test('can wait for a load again after their own wait has timed out', async () => {
    const cache = new ReferenceCache()
    const slow = cache.getOrSet('slow', async () => {
      await sleep(30)
      return cache.getOrSet('quick', () => 'inner')
    })
    const quick = cache.getOrSet('quick', async () => {
      const call = cache.getOrSet('slow', () => 'other', { timeout: { hard: '5ms' } })
      const code = await call.catch(codeOf)
      await sleep(50)
      return code
    })
    expect(await Promise.all([slow, quick])).toEqual(['LOAD_TIMEOUT', 'LOAD_TIMEOUT'])
  })
})
