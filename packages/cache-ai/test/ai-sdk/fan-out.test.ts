import { InMemoryCache } from '@verbatim/cache-memory'
import { describe, expect, test, vi } from 'vitest'
import {
  type CacheMiddlewareOptions,
  createCacheMiddleware,
  SHARED,
} from '../../src/ai-sdk/index.js'
import { COMPLETE, gates, streamOfParts, testModel, textOf } from './test-model.js'

const params = { prompt: [] }
const TEXT = 'Boil, pour.'

function middlewareOf(options: Partial<CacheMiddlewareOptions> = {}) {
  return createCacheMiddleware({ cache: new InMemoryCache(), tenant: SHARED, ...options })
}

test('200 streams with joiners and leavers make one call, and all that stay get the whole text', async () => {
  const words = Array.from({ length: 200 }, (_, index) => `word${index} `)
  const parts = [
    ...COMPLETE.slice(0, 2),
    { type: 'text-start', id: 't' },
    ...words.map((delta) => ({ type: 'text-delta', id: 't', delta })),
    { type: 'text-end', id: 't' },
    ...COMPLETE.slice(-1),
  ]
  const pause = () => new Promise<void>((resolve) => setImmediate(resolve))
  const model = testModel({ parts, beforePart: pause })
  const middleware = middlewareOf()
  const call = async (index: number): Promise<string | undefined> => {
    for (let turn = 0; turn < index; turn++) await pause()
    const { stream } = await middleware.wrapStream({ model, params })
    if (index % 3 !== 1) return textOf(stream as ReadableStream)
    const reader = (stream as ReadableStream).getReader()
    for (let part = 0; part < index % 20; part++) await reader.read()
    await reader.cancel()
    return undefined
  }
  const texts = await Promise.all(Array.from({ length: 200 }, (_, index) => call(index)))
  const stayed = texts.filter((text) => text !== undefined)
  expect(stayed.length).toBeGreaterThan(130)
  expect(new Set(stayed)).toEqual(new Set([words.join('')]))
  expect(model.calls).toBe(1)
})

test('a reader that joins late gets the past at once, and then the live stream', async () => {
  const gate = gates()
  const model = testModel({ beforePart: gate.wait })
  const middleware = middlewareOf()
  const first = textOf((await middleware.wrapStream({ model, params })).stream as ReadableStream)
  gate.open(7)
  await vi.waitFor(() => expect(model.calls).toBe(1))
  const late = streamOfParts(
    (await middleware.wrapStream({ model, params })).stream as ReadableStream,
  )
  const past: string[] = []
  for (let count = 0; count < 7; count++) past.push((await late.next()).value?.type as string)
  expect(past.at(-1)).toBe('text-delta')
  gate.open(9)
  const rest: string[] = []
  for await (const { type } of late) rest.push(type)
  expect(rest).toEqual(['text-delta', 'text-end', 'finish'])
  expect(await first).toBe(TEXT)
})

describe('when the last reader leaves', () => {
  test('the call of the model is aborted, and a new call starts another one', async () => {
    const gate = gates()
    const model = testModel({ beforePart: gate.wait })
    const middleware = middlewareOf()
    const streams = [1, 2].map(() => middleware.wrapStream({ model, params }))
    const [one, other] = (await Promise.all(streams)).map(({ stream }) => stream as ReadableStream)
    await one?.cancel()
    expect(model.signals[0]?.aborted).toBe(false)
    await other?.cancel()
    expect(model.signals[0]?.aborted).toBe(true)
    gate.open(99)
    expect(
      await textOf((await middleware.wrapStream({ model, params })).stream as ReadableStream),
    ).toBe(TEXT)
    expect(model.calls).toBe(2)
  })

  test('the call goes on and is stored with whenAbandoned: finish', async () => {
    const gate = gates()
    const model = testModel({ beforePart: gate.wait })
    const middleware = middlewareOf({ whenAbandoned: 'finish' })
    const { stream } = await middleware.wrapStream({ model, params })
    await (stream as ReadableStream).cancel()
    gate.open(99)
    await vi.waitFor(async () => {
      const { stream: again } = await middleware.wrapStream({ model, params })
      expect(await textOf(again as ReadableStream)).toBe(TEXT)
    })
    expect([model.calls, model.signals[0]?.aborted]).toEqual([1, false])
  })

  test('a caller that aborts leaves, also before the model responds', async () => {
    const gate = gates()
    const model = testModel({ beforePart: gate.wait })
    const middleware = middlewareOf()
    const abort = new AbortController()
    const leaver = middleware.wrapGenerate({
      model,
      params: { ...params, abortSignal: abort.signal },
    })
    const stayer = middleware.wrapGenerate({ model, params })
    await vi.waitFor(() => expect(model.calls).toBe(1))
    abort.abort(new Error('I leave'))
    await expect(leaver).rejects.toThrow('I leave')
    gate.open(1)
    expect((await stayer).content).toContainEqual({ type: 'text', text: TEXT })
    expect(model.signals[0]?.aborted).toBe(false)
  })
})

test('a call without a stream joins a running stream, and a stream joins a running call', async () => {
  const gate = gates()
  const model = testModel({ beforePart: gate.wait })
  const middleware = middlewareOf()
  const { stream } = await middleware.wrapStream({ model, params })
  const joined = middleware.wrapGenerate({ model, params })
  gate.open(99)
  expect(await textOf(stream as ReadableStream)).toBe(TEXT)
  expect((await joined).content).toContainEqual({ type: 'text', text: TEXT })
  const other = { ...params, seed: 2 }
  const whole = middleware.wrapGenerate({ model, params: other })
  const streamed = await middleware.wrapStream({ model, params: other })
  expect(await textOf(streamed.stream as ReadableStream)).toBe(TEXT)
  await whole
  expect(model.calls).toBe(2)
})

test('a reader that changes a part does not change the parts of others, or the stored answer', async () => {
  const model = testModel()
  const middleware = middlewareOf()
  const streams = await Promise.all([1, 2].map(() => middleware.wrapStream({ model, params })))
  const signatures: unknown[] = []
  for (const { stream } of streams) {
    for await (const part of streamOfParts(stream as ReadableStream)) {
      const anthropic = Object(part['providerMetadata'])['anthropic'] as { signature: string }
      if (part.type === 'reasoning-end') signatures.push(anthropic.signature)
      if (part.type === 'reasoning-end') anthropic.signature = 'forged'
      Object.assign(part, { delta: 'forged' })
    }
  }
  expect(signatures).toEqual(['sig', 'sig'])
  expect(
    await textOf((await middleware.wrapStream({ model, params })).stream as ReadableStream),
  ).toBe(TEXT)
})
