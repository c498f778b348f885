import { InMemoryCache } from '@verbatim/cache-memory'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createCacheMiddleware, SHARED } from '../../src/ai-sdk/index.js'
import { COMPLETE, streamOfParts, testModel } from './test-model.js'

const RUNS = Number(process.env['RUNS'] ?? 1_000)
/** In milliseconds. 10,000 answers take 20 s on an idle machine. */
const TIMEOUT = Math.max(30_000, RUNS * 20)

/** A complete stream, and a way to break it. */
const broken = fc.record({
  way: fc.constantFrom(
    ...([
      'cut',
      'error',
      'finish',
      'no finish',
      'empty',
      'tool input',
      'json',
      'unknown',
      'throw',
    ] as const),
  ),
  at: fc.nat(),
  finishReason: fc.constantFrom(
    'length',
    'content-filter',
    'error',
    'other',
    'unknown',
    undefined,
    'tool-calls',
  ),
  version: fc.constantFrom('v2' as const, 'v3' as const, 'v4' as const),
  isStream: fc.boolean(),
})

test(
  `no answer of ${RUNS} that are broken in any way is stored`,
  async () => {
    const cache = new InMemoryCache({ maxSize: RUNS })
    const middleware = createCacheMiddleware({ cache, tenant: SHARED })
    let number = 0
    await fc.assert(
      fc.asyncProperty(broken, async ({ way, at, finishReason, version, isStream }) => {
        const parts = breakParts(way, at, finishReason, version)
        const model = testModel({
          version,
          parts,
          throwsAfter: way === 'throw' ? at % 5 : undefined,
        })
        const responseFormat = way === 'json' ? { type: 'json' } : undefined
        const params = { prompt: [], seed: number++, responseFormat }
        // Only a stream can end in the middle. A result has a finish reason and whole parts.
        const canBeResult = !['cut', 'error', 'no finish', 'throw'].includes(way)
        if (isStream || !canBeResult) {
          const { stream } = await middleware.wrapStream({ model, params })
          await drained(stream as ReadableStream)
        } else await middleware.wrapGenerate({ model, params })
      }),
      { numRuns: RUNS },
    )
    expect(cache.getStats().totalEntries).toBe(0)
    const { notStored } = middleware.getStats()
    expect(Object.values(notStored).reduce((sum, count) => sum + count)).toBe(RUNS)
  },
  TIMEOUT,
)

test('the complete answer behind the broken ones is stored', async () => {
  const cache = new InMemoryCache()
  const middleware = createCacheMiddleware({ cache, tenant: SHARED })
  for (const version of ['v2', 'v3', 'v4'] as const) {
    const { stream } = await middleware.wrapStream({
      model: testModel({ version, parts: COMPLETE }),
      params: { prompt: [], seed: version },
    })
    await drained(stream as ReadableStream)
  }
  expect(cache.getStats().totalEntries).toBe(3)
})

function breakParts(
  way: string,
  at: number,
  finishReason: unknown,
  version: string,
): typeof COMPLETE {
  const middle = 1 + (at % (COMPLETE.length - 2))
  const unified = version === 'v2' ? finishReason : { unified: finishReason, raw: undefined }
  switch (way) {
    case 'cut':
      return COMPLETE.slice(0, middle)
    case 'error':
      return COMPLETE.toSpliced(middle, 0, { type: 'error', error: new Error('overloaded') })
    case 'finish':
      return COMPLETE.map((part) =>
        part.type === 'finish' ? { ...part, finishReason: unified } : part,
      )
    case 'no finish':
      return COMPLETE.slice(0, -1)
    case 'empty':
      return COMPLETE.map((part) =>
        part.type === 'text-delta' ? { ...part, delta: ' '.repeat(at % 3) } : part,
      )
    case 'tool input':
      return COMPLETE.toSpliced(middle === 1 ? 1 : -1, 0, {
        ...{ type: 'tool-call', toolCallId: 'a', toolName: 'weather', input: '{"city":' },
      })
    case 'unknown':
      return COMPLETE.toSpliced(middle, 0, {
        type: 'tool-approval-request',
        approvalId: 'a',
        toolCallId: 'b',
      })
    default:
      return COMPLETE
  }
}

async function drained(stream: ReadableStream): Promise<void> {
  try {
    for await (const _ of streamOfParts(stream)) {
      // Only the end counts.
    }
  } catch {
    // The reader gets the error of the model.
  }
}
