import { getEventListeners } from 'node:events'
import { describe, expect, test, vi } from 'vitest'
import { planLoad } from '../../src/implement.js'
import type { GetOrSetOptions } from '../../src/index.js'
import { withFakeTimers } from './fake-timers.js'
import { RecordingCache } from './recording-cache.js'
import { follow, Source, turn } from './source.js'

const REASON = new Error('the client has gone')

withFakeTimers()

describe('a caller that gives up', () => {
  test('ends its load if no other caller waits, and the next caller loads again', async () => {
    const cache = new RecordingCache()
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

  test('does not report the ended load as a failure', async () => {
    const cache = new RecordingCache()
    const source = new Source()
    const { abort } = abortable(cache, source)
    await abort()
    await source.fail(REASON)
    expect(cache.failures).toEqual([])
  })

  test('ends a load that has not read its signal yet', async () => {
    const cache = new RecordingCache()
    const source = new Source()
    const { abort } = abortable(cache, source)
    await abort()
    const { signal } = source.nth(0).context
    expect(signal.aborted).toBe(true)
    expect(source.nth(0).context.signal).toBe(signal)
  })

  test('ends a load that listens to its signal', async () => {
    const cache = new RecordingCache()
    const source = new Source()
    const { abort } = abortable(cache, source)
    const called = vi.fn<() => void>()
    source.nth(0).context.signal.addEventListener('abort', called)
    await abort()
    expect(called).toHaveBeenCalledOnce()
  })

  test('does not end a load that other callers wait for', async () => {
    const cache = new RecordingCache()
    const source = new Source()
    const { call, abort } = abortable(cache, source)
    const other = follow(cache.getOrSet('key', source.load))
    await abort()
    expect(call().reason).toBe(REASON)
    expect(other().state).toBe('pending')
    expect(source.nth(0).context.signal.aborted).toBe(false)
    await source.answer('loaded')
    expect(other().value).toBe('loaded')
    expect(cache.lookup('key')?.value).toBe('loaded')
  })

  test('ends the load when it is the last caller', async () => {
    const cache = new RecordingCache()
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

  test('ends the load together with all callers of one signal', async () => {
    const cache = new RecordingCache()
    const source = new Source()
    const { signal, abort } = abortable(cache, source)
    const other = follow(cache.getOrSet('key', source.load, { signal }))
    await abort()
    expect(other().reason).toBe(REASON)
    expect(source.nth(0).context.signal.aborted).toBe(true)
  })

  test('does not end a load after another caller has timed out, because the value is wanted', async () => {
    const cache = new RecordingCache()
    const source = new Source()
    const { call, abort } = abortable(cache, source)
    const impatient = follow(cache.getOrSet('key', source.load, { timeout: { hard: '50ms' } }))
    await cache.pass(50)
    expect(impatient().state).toBe('failed')
    await abort()
    expect(call().reason).toBe(REASON)
    expect(source.nth(0).context.signal.aborted).toBe(false)
    await source.answer('late')
    expect(cache.lookup('key')?.value).toBe('late')
  })

  test('does not prevent a caller of the same moment from starting a load', async () => {
    const cache = new RecordingCache()
    const source = new Source()
    const { call, abort } = abortable(cache, source)
    const aborted = abort()
    const next = follow(cache.getOrSet('key', source.load))
    await aborted
    expect(call().reason).toBe(REASON)
    await source.answer('loaded')
    expect(next().value).toBe('loaded')
    expect(cache.lookup('key')?.value).toBe('loaded')
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

  test('does not pause the loads, because the source has not failed', async () => {
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

  test('is rejected with the reason of its signal', async () => {
    const cache = new RecordingCache()
    const source = new Source()
    const { call, controller } = abortable(cache, source)
    controller.abort()
    await turn()
    expect(call().reason).toBe(controller.signal.reason)
    expect(call().reason).toMatchObject({ name: 'AbortError' })
  })
})

describe('a caller that gives up before it waits', () => {
  test.each<[held: number | undefined, options: GetOrSetOptions<string>]>([
    [undefined, {}],
    [1_000, { earlyRefresh: 100 }],
    [-1, { staleWhileRevalidate: '1h' }],
    [-1, { staleIfError: '1h' }],
  ])('is rejected without a load, with %s ms left and %o', async (freshMs, options) => {
    const cache = new RecordingCache(() => 0.999)
    if (freshMs !== undefined) cache.retain('key', 'held', { freshMs, loadMs: 1_000 })
    const source = new Source()
    const controller = new AbortController()
    const plan = planLoad<string>({ ...options, signal: controller.signal })
    const held = cache.lookup('key')
    controller.abort(REASON)
    await expect(cache.reads.read('key', source.load, plan, held)).rejects.toBe(REASON)
    expect(source.loads).toEqual([])
  })

  test('ends its load if the loader itself aborts the signal', async () => {
    const cache = new RecordingCache()
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

describe('a signal has no listeners', () => {
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

  test('after a value that is served at once', async () => {
    const cache = staleCache()
    const { signal } = new AbortController()
    const source = new Source()
    await cache.getOrSet('key', source.load, { staleWhileRevalidate: '1h', signal })
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })
})

test('a finished load is not ended again by its caller', async () => {
  const cache = new RecordingCache()
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
  cache: RecordingCache,
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

function staleCache(): RecordingCache {
  const cache = new RecordingCache()
  cache.retain('key', 'old', { freshMs: -1 })
  return cache
}
