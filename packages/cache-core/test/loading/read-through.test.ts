import { describe, expect, test } from 'vitest'
import { emptyLookup, planLoad } from '../../src/implement.js'
import { CacheError, type GetOrSetOptions } from '../../src/index.js'
import { RecordingCache } from './recording-cache.js'
import { follow, Source, turn } from './source.js'

const SHORT_THEN_LONG = { staleWhileRevalidate: '10ms', staleIfError: '20ms' } as const
const LONG_THEN_SHORT = { staleWhileRevalidate: '20ms', staleIfError: '10ms' } as const

describe('the stored value decides', () => {
  test.each<[freshMs: number | undefined, options: GetOrSetOptions<string>, what: string]>([
    [undefined, {}, 'loaded'],
    [undefined, SHORT_THEN_LONG, 'loaded'],
    [Number.POSITIVE_INFINITY, {}, 'served'],
    [1, {}, 'served'],
    [0, {}, 'served'],
    [0, SHORT_THEN_LONG, 'served'],
    [-0.5, {}, 'loaded'],
    [-1, {}, 'loaded'],
    [-1, { staleWhileRevalidate: '10ms' }, 'served, and loaded in the background'],
    [-10, { staleWhileRevalidate: '10ms' }, 'served, and loaded in the background'],
    [-10.5, { staleWhileRevalidate: '10ms' }, 'loaded'],
    [-1, { staleIfError: '10ms' }, 'loaded, and served if that fails'],
    [-10, { staleIfError: '10ms' }, 'loaded, and served if that fails'],
    [-10.5, { staleIfError: '10ms' }, 'loaded'],
    [-10, SHORT_THEN_LONG, 'served, and loaded in the background'],
    [-11, SHORT_THEN_LONG, 'loaded, and served if that fails'],
    [-20, SHORT_THEN_LONG, 'loaded, and served if that fails'],
    [-20.5, SHORT_THEN_LONG, 'loaded'],
    [-10, LONG_THEN_SHORT, 'served, and loaded in the background'],
    [-20, LONG_THEN_SHORT, 'served, and loaded in the background'],
    [-20.5, LONG_THEN_SHORT, 'loaded'],
  ])('with %d ms left of its TTL and %o it is %s', async (freshMs, options, what) => {
    const cache = new RecordingCache()
    if (freshMs !== undefined) cache.retain('key', 'held', { freshMs })
    expect(await whatIsDone(cache, options)).toBe(what)
  })

  async function whatIsDone(
    cache: RecordingCache,
    options: GetOrSetOptions<string>,
  ): Promise<string> {
    const source = new Source()
    const outcome = follow(cache.getOrSet('key', source.load, options))
    await turn()
    if (outcome().value === 'held') {
      return source.loads.length === 0 ? 'served' : 'served, and loaded in the background'
    }
    expect(outcome().state).toBe('pending')
    await source.fail(new Error('the source is down'))
    return outcome().value === 'held' ? 'loaded, and served if that fails' : 'loaded'
  }
})

describe('a load', () => {
  test('returns the loaded value, which is served from then on', async () => {
    const cache = new RecordingCache()
    const source = new Source()
    const call = cache.getOrSet('key', source.load)
    await source.answer('loaded')
    expect(await call).toBe('loaded')
    expect(await cache.getOrSet('key', source.load)).toBe('loaded')
    expect(source.loads).toHaveLength(1)
    expect(cache.served).toEqual([])
  })

  test('is shared by all callers during it', async () => {
    const cache = new RecordingCache()
    const source = new Source()
    const calls = Array.from({ length: 100 }, () => cache.getOrSet('key', source.load))
    await source.answer('loaded')
    expect(new Set(await Promise.all(calls))).toEqual(new Set(['loaded']))
    expect(source.loads).toHaveLength(1)
    expect(cache.fills).toHaveLength(1)
  })

  test.each([null, false, 0, '', Number.NaN])(
    'may answer %o, a value like any other',
    async (value) => {
      const cache = new RecordingCache<unknown>()
      let loads = 0
      const loader = (): unknown => (loads++, value)
      expect(await cache.getOrSet('key', loader, { ttl: '1s' })).toBe(value)
      expect(await cache.getOrSet('key', loader)).toBe(value)
      expect(loads).toBe(1)
      cache.retain('key', value, { freshMs: -1 })
      const down = (): never => {
        throw new Error('the source is down')
      }
      expect(await cache.getOrSet('key', down, { staleIfError: '1h' })).toBe(value)
      expect(await cache.getOrSet('key', down, { staleWhileRevalidate: '1h' })).toBe(value)
    },
  )

  test('of another key is another load', async () => {
    const cache = new RecordingCache()
    const source = new Source()
    const calls = [cache.getOrSet('a', source.load), cache.getOrSet('b', source.load)]
    await source.answer('of a', 0)
    await source.answer('of b', 1)
    expect(await Promise.all(calls)).toEqual(['of a', 'of b'])
  })
})

describe('a failed load', () => {
  test('reaches all waiting callers, is not reported, and can be tried again', async () => {
    const cache = new RecordingCache()
    const source = new Source()
    const calls = [1, 2].map(() => follow(cache.getOrSet('key', source.load)))
    const failure = new Error('the source is down')
    await source.fail(failure)
    for (const call of calls) expect(call().reason).toBe(failure)
    expect(cache.failures).toEqual([])
    expect(cache.fills).toEqual([])
    const again = cache.getOrSet('key', source.load)
    await source.answer('loaded')
    expect(await again).toBe('loaded')
  })

  test('includes a loader that throws before it returns a promise', async () => {
    const cache = new RecordingCache()
    const failure = new Error('thrown at once')
    const call = cache.getOrSet('key', () => {
      throw failure
    })
    await expect(call).rejects.toBe(failure)
    expect(await cache.getOrSet('key', () => 'loaded')).toBe('loaded')
  })

  test('includes a loader that returns undefined', async () => {
    const cache = new RecordingCache()
    const call = cache.getOrSet('key', (() => undefined) as unknown as () => string)
    await expect(call).rejects.toMatchObject({
      name: 'ValidationError',
      code: 'INVALID_VALUE',
      message:
        'the result of the loader must be a value other than undefined, unless the loader calls skip; received undefined',
    })
    expect(cache.fills).toEqual([])
  })
})

describe('a loaded value that cannot be stored', () => {
  test('reaches every caller, and the reason is reported once', async () => {
    const cache = new RecordingCache()
    cache.stored = () => Promise.reject(new CacheError('no room', { code: 'FULL' }))
    const calls = [1, 2].map(() => cache.getOrSet('key', () => 'loaded'))
    expect(await Promise.all(calls)).toEqual(['loaded', 'loaded'])
    expect(cache.fills).toHaveLength(1)
    expect(cache.refusals).toEqual([{ key: 'key', code: 'FULL' }])
  })

  test('reaches every caller when storing fails with an error of another kind', async () => {
    const cache = new RecordingCache()
    cache.stored = () => Promise.reject(new TypeError('a bug'))
    expect(await cache.getOrSet('key', () => 'loaded')).toBe('loaded')
    expect(cache.refusals).toEqual([{ key: 'key', code: 'STORE_FAILED' }])
  })

  test('reaches every caller even if it cannot be copied', async () => {
    const cache = new RecordingCache()
    const admit = (): never => {
      throw new CacheError('no copy', { code: 'NOT_CLONEABLE' })
    }
    cache.isolator = { admit, release: (value) => value }
    const calls = [1, 2].map(() => cache.getOrSet('key', () => 'loaded'))
    expect(await Promise.all(calls)).toEqual(['loaded', 'loaded'])
    expect(cache.fills).toEqual([])
    expect(cache.refusals).toEqual([{ key: 'key', code: 'NOT_CLONEABLE' }])
  })

  test('is not loaded again at every call while a stale value is served', async () => {
    const cache = new RecordingCache()
    cache.retain('key', 'old', { freshMs: -1 })
    cache.stored = () => Promise.reject(new CacheError('no room', { code: 'FULL' }))
    let loads = 0
    const load = (): string => `new ${++loads}`
    for (let call = 0; call < 5; call++) {
      cache.retain('key', 'old', { freshMs: -1 })
      expect(await cache.getOrSet('key', load, { staleWhileRevalidate: '1h' })).toBe('old')
      await turn()
    }
    expect(loads).toBe(1)
  })
})

describe('the values of one load', () => {
  test('are released for each of its callers', async () => {
    const cache = new RecordingCache<{ by: string }>()
    cache.isolator = {
      admit: (value) => structuredClone(value),
      release: (value) => structuredClone(value),
    }
    const load = (): { by: string } => ({ by: 'loader' })
    const [first, second] = await Promise.all([
      cache.getOrSet('key', load),
      cache.getOrSet('key', load, { timeout: { hard: '1m' } }),
    ])
    first.by = 'first'
    expect(second).toEqual({ by: 'loader' })
    expect(cache.fills[0]?.value).toEqual({ by: 'loader' })
  })
})

describe('a call without a stored value', () => {
  test('is a miss if it starts the load, and joins otherwise', async () => {
    const cache = new RecordingCache()
    const source = new Source()
    const joined: boolean[] = []
    const held = { ...emptyLookup<string>(undefined), onMiss: (yes: boolean) => joined.push(yes) }
    const calls = [1, 2, 3].map(() => cache.reads.read('key', source.load, planLoad({}), held))
    await source.answer('loaded')
    await Promise.all(calls)
    expect(joined).toEqual([false, true, true])
  })
})

test('callers wait until the loaded value is stored', async () => {
  const cache = new RecordingCache()
  const source = new Source()
  let stored = (): void => {}
  cache.stored = () =>
    new Promise((resolve) => {
      stored = resolve
    })
  const first = follow(cache.getOrSet('key', source.load))
  await source.answer('loaded')
  expect(first().state).toBe('pending')
  stored()
  await turn()
  expect(first().value).toBe('loaded')
})
