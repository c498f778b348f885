import type { LanguageModelV3StreamPart } from '@ai-sdk/provider'
import { type LanguageModelMiddleware, simulateReadableStream } from 'ai'

/**
 * Returns the cache that the documentation of the AI SDK describes: results as JSON under the options of the call
 * as JSON, and the parts of each stream that was read to its end.
 */
export function recipe(store: Map<string, string>): LanguageModelMiddleware {
  return {
    specificationVersion: 'v3',
    async wrapGenerate({ doGenerate, params }) {
      const key = JSON.stringify(params)
      const known = store.get(key)
      if (known !== undefined) {
        const result = JSON.parse(known) as Awaited<ReturnType<typeof doGenerate>>
        const { timestamp } = result.response ?? {}
        const date = timestamp === undefined ? {} : { timestamp: new Date(timestamp) }
        return { ...result, response: { ...result.response, ...date } }
      }
      const result = await doGenerate()
      store.set(key, JSON.stringify(result))
      return result
    },
    async wrapStream({ doStream, params }) {
      const key = JSON.stringify(params)
      const known = store.get(key)
      if (known !== undefined) {
        const chunks = (JSON.parse(known) as LanguageModelV3StreamPart[]).map((part) =>
          part.type === 'response-metadata' && part.timestamp !== undefined
            ? Object.assign(part, { timestamp: new Date(part.timestamp) })
            : part,
        )
        return {
          stream: simulateReadableStream({ chunks, initialDelayInMs: null, chunkDelayInMs: null }),
        }
      }
      const { stream, ...rest } = await doStream()
      const parts: LanguageModelV3StreamPart[] = []
      const recorded = new TransformStream<LanguageModelV3StreamPart, LanguageModelV3StreamPart>({
        transform(part, controller) {
          parts.push(part)
          controller.enqueue(part)
        },
        flush: () => void store.set(key, JSON.stringify(parts)),
      })
      return { stream: stream.pipeThrough(recorded), ...rest }
    },
  }
}
