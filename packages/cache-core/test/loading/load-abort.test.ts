import { getEventListeners } from 'node:events'
import { describe, expect, test, vi } from 'vitest'
import { planLoad } from '../../src/implement.js'
import type { GetOrSetOptions } from '../../src/index.js'
import { withFakeTimers } from './fake-timers.js'
import { HoldingCache } from './holding-cache.js'
import { follow, Source, turn } from './source.js'

const REASON = new Error('the client has gone')

withFakeTimers()

describe('a caller that gives up', () => {
  test('ends its load when nobody else waits, and the next caller loads anew', async () => {
    const cache = new HoldingCache()
    const source = new Source()
    const { call, abort } = abortable(cache, source)
    await abort()
    expect(call().reason).toBe(REASON)
    expect(source.nth(0).context.signal.aborted).toBe(true)
    const next = follow(cache.getOrSet('key', source.load))
    expect(source.loads).toHaveLength(2)
    await source.answer('given up', 0)
    expect(cache.fills).toEqual([])
    await source.answer('new', 1)
    expect(next().value).toBe('new')
    expect(source.nth(1).context.signal.aborted).toBe(false)
  })

  test('does not make a failure of the load that it ends', async () => {
    const cache = new HoldingCache()
    const source = new Source()
    const { abort } = abortable(cache, source)
    await abort()
    await source.fail(REASON)
    expect(cache.failures).toEqual([])
  })

  test('ends a load that has not asked for its signal yet', async () => {
    const cache = new HoldingCache()
    const source = new Source()
    const { abort } = abortable(cache, source)
    await abort()
    const { signal } = source.nth(0).context
    expect(signal.aborted).toBe(true)
    expect(source.nth(0).context.signal).toBe(signal)
  })

  test('ends a load that listens to its signal', async () => {
    const cache = new HoldingCache()
    const source = new Source()
    const { abort } = abortable(cache, source)
    const told = vi.fn<() => void>()
    source.nth(0).context.signal.addEventListener('abort', told)
    await abort()
    expect(told).toHaveBeenCalledOnce()
  })

  test('leaves the load to the others who wait for it', async () => {
    const cache = new HoldingCache()
    const source = new Source()
    const { call, abort } = abortable(cache, source)
    const other = follow(cache.getOrSet('key', source.load))
    await abort()
    expect(call().reason).toBe(REASON)
    expect(other().state).toBe('pending')
    expect(source.nth(0).context.signal.aborted).toBe(false)
    await source.answer('loaded')
    expect(other().value).toBe('loaded')
    expect(cache.held('key')?.value).toBe('loaded')
  })

  test('ends the load as the last of several', async () => {
    const cache = new HoldingCache()
    const source = new Source()
    const callers = [1, 2, 3].map(() => abortable(cache, source))
    for (const [index, { abort }] of callers.entries()) {
      expect(source.nth(0).context.signal.aborted).toBe(false)
      await abort()
      expect(callers[index]?.call().reason).toBe(REASON)
    }
    expect(source.nth(0).context.signal.aborted).toBe(true)
    expect(source.loads).toHaveLength(1)
  })

  test('ends the load together with all others of one signal', async () => {
    const cache = new HoldingCache()
    const source = new Source()
    const { signal, abort } = abortable(cache, source)
    const other = follow(cache.getOrSet('key', source.load, { signal }))
    await abort()
    expect(other().reason).toBe(REASON)
    expect(source.nth(0).context.signal.aborted).toBe(true)
  })

  test('leaves a load that another waited for until its timeout: its value is wanted', async () => {
    const cache = new HoldingCache()
    const source = new Source()
    const { call, abort } = abortable(cache, source)
    const impatient = follow(cache.getOrSet('key', source.load, { timeout: { hard: '50ms' } }))
    await cache.pass(50)
    expect(impatient().state).toBe('failed')
    await abort()
    expect(call().reason).toBe(REASON)
    expect(source.nth(0).context.signal.aborted).toBe(false)
    await source.answer('late')
    expect(cache.held('key')?.value).toBe('late')
  })

  test('makes way for one that comes in the same moment', async () => {
    const cache = new HoldingCache()
    const source = new Source()
    const { call, abort } = abortable(cache, source)
    const aborted = abort()
    const next = follow(cache.getOrSet('key', source.load))
    await aborted
    expect(call().reason).toBe(REASON)
    await source.answer('loaded')
    expect(next().value).toBe('loaded')
    expect(cache.held('key')?.value).toBe('loaded')
  })

  test('is not served a stale value', async () => {
    const cache = staleCache()
    const source = new Source()
    const { call, abort } = abortable(cache, source, { staleIfError: '1h' })
    const other = follow(cache.getOrSet('key', source.load, { staleIfError: '1h' }))
    await abort()
    expect(call().reason).toBe(REASON)
    expect(cache.served).toEqual([])
    await source.fail(new Error('the source is down'))
    expect(other().value).toBe('old')
  })

  test('does not make the loader rest: the source has not failed', async () => {
    const cache = staleCache()
    const source = new Source()
    const { abort } = abortable(cache, source, { staleIfError: '1h' })
    await abort()
    await source.fail(source.nth(0).context.signal.reason)
    const next = follow(cache.getOrSet('key', source.load, { staleIfError: '1h' }))
    expect(source.loads).toHaveLength(2)
    await source.answer('new')
    expect(next().value).toBe('new')
  })

  test('is rejected with whatever its signal was aborted with', async () => {
    const cache = new HoldingCache()
    const source = new Source()
    const { call, controller } = abortable(cache, source)
    controller.abort()
    await turn()
    expect(call().reason).toBe(controller.signal.reason)
    expect(call().reason).toMatchObject({ name: 'AbortError' })
  })
})

describe('a caller that has given up before it would wait', () => {
  test.each<[held: number | undefined, options: GetOrSetOptions<string>]>([
    [undefined, {}],
    [1_000, { earlyRefresh: 100 }],
    [-1, { staleWhileRevalidate: '1h' }],
    [-1, { staleIfError: '1h' }],
  ])('is rejected and nothing is loaded, with %s ms left and %o', async (freshMs, options) => {
    const cache = new HoldingCache(() => 0.999)
    if (freshMs !== undefined) cache.hold('key', 'held', { freshMs, loadMs: 1_000 })
    const source = new Source()
    const controller = new AbortController()
    const plan = planLoad<string>({ ...options, signal: controller.signal })
    const held = cache.held('key')
    controller.abort(REASON)
    await expect(cache.reads.read('key', source.load, plan, held)).rejects.toBe(REASON)
    expect(source.loads).toEqual([])
  })

  test('ends its load when the loader itself made it give up', async () => {
    const cache = new HoldingCache()
    const controller = new AbortController()
    const loader = (): Promise<string> => {
      controller.abort(REASON)
      return new Promise(() => {})
    }
    const call = follow(cache.getOrSet('key', loader, { signal: controller.signal }))
    await turn()
    expect(call().reason).toBe(REASON)
  })
})

describe('a signal is left as it was', () => {
  test.each<[end: string, options: GetOrSetOptions<string>]>([
    ['answer', {}],
    ['fail', {}],
    ['soft timeout', { staleIfError: '1h', timeout: { soft: '20ms' } }],
    ['hard timeout', { timeout: { hard: '20ms' } }],
    ['abort', {}],
  ])('after %s', async (end, options) => {
    const cache = staleCache()
    const source = new Source()
    const { call, signal, abort } = abortable(cache, source, options)
    expect(getEventListeners(signal, 'abort')).toHaveLength(1)
    if (end === 'answer') await source.answer('loaded')
    else if (end === 'fail') await source.fail(REASON)
    else if (end === 'abort') await abort()
    else await cache.pass(20)
    expect(call().state).not.toBe('pending')
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })

  test('when the value was served at once', async () => {
    const cache = staleCache()
    const { signal } = new AbortController()
    const source = new Source()
    await cache.getOrSet('key', source.load, { staleWhileRevalidate: '1h', signal })
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })
})

test('a load that has ended is not ended again by its caller', async () => {
  const cache = new HoldingCache()
  const source = new Source()
  const { call, abort } = abortable(cache, source)
  await source.answer('loaded')
  await abort()
  expect(call().value).toBe('loaded')
  expect(source.nth(0).context.signal.aborted).toBe(false)
})

interface Abortable {
  readonly call: ReturnType<typeof follow<string>>
  readonly controller: AbortController
  readonly signal: AbortSignal
  readonly abort: () => Promise<void>
}

function abortable(
  cache: HoldingCache,
  source: Source,
  options: GetOrSetOptions<string> = {},
): Abortable {
  const controller = new AbortController()
  const { signal } = controller
  const call = follow(cache.getOrSet('key', source.load, { ...options, signal }))
  const abort = (): Promise<void> => {
    controller.abort(REASON)
    return turn()
  }
  return { call, controller, signal, abort }
}

function staleCache(): HoldingCache {
  const cache = new HoldingCache()
  cache.hold('key', 'old', { freshMs: -1 })
  return cache
}
