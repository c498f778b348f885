import type { SdkPart } from '../../src/ai-sdk/sdk-types.js'

/** The parts of a complete stream. */
export const COMPLETE: readonly SdkPart[] = [
  { type: 'stream-start', warnings: [] },
  { type: 'response-metadata', id: 'resp_1', modelId: 'gpt-test' },
  { type: 'reasoning-start', id: 'r' },
  { type: 'reasoning-delta', id: 'r', delta: 'Water boils.' },
  { type: 'reasoning-end', id: 'r', providerMetadata: { anthropic: { signature: 'sig' } } },
  { type: 'text-start', id: 't' },
  { type: 'text-delta', id: 't', delta: 'Boil, ' },
  { type: 'text-delta', id: 't', delta: 'pour.' },
  { type: 'text-end', id: 't' },
  { type: 'finish', finishReason: 'stop', usage: { inputTokens: 9, outputTokens: 3 } },
]

export interface TestModelOptions {
  readonly version?: 'v2' | 'v3' | 'v4'
  readonly parts?: readonly SdkPart[]
  /** The number of parts after which the stream fails. */
  readonly throwsAfter?: number | undefined
  /** Called before each part. */
  readonly beforePart?: (index: number, signal: AbortSignal | undefined) => Promise<void> | void
}

/** Returns a model that gives the same answer to every call, as parts or as a result. */
export function testModel(options: TestModelOptions = {}) {
  const { version = 'v3', parts = COMPLETE, throwsAfter, beforePart } = options
  const model = {
    specificationVersion: version,
    provider: 'test',
    modelId: 'test',
    calls: 0,
    signals: [] as (AbortSignal | undefined)[],
    doGenerate: async ({ abortSignal }: { abortSignal?: AbortSignal } = {}) => {
      model.calls++
      model.signals.push(abortSignal)
      await beforePart?.(0, abortSignal)
      return toResult(parts, version)
    },
    doStream: async ({ abortSignal }: { abortSignal?: AbortSignal } = {}) => {
      model.calls++
      model.signals.push(abortSignal)
      let index = 0
      const stream = new ReadableStream<SdkPart>({
        async pull(controller) {
          await beforePart?.(index, abortSignal)
          if (abortSignal?.aborted) return controller.error(abortSignal.reason)
          if (index === throwsAfter) return controller.error(new Error('the connection is closed'))
          const part = parts[index++]
          if (part === undefined) controller.close()
          else controller.enqueue(inVersion(part, version))
        },
      })
      return { stream }
    },
  }
  return model
}

/** Opens gates one by one: the model sends a part when its gate is open. */
export function gates() {
  let count = 0
  const waiting = new Set<() => void>()
  return {
    open: (more: number): void => {
      count += more
      for (const wake of waiting) wake()
    },
    wait: (index: number, signal?: AbortSignal): Promise<void> =>
      new Promise((resolve) => {
        if (index < count) return resolve()
        const wake = (): void => {
          if (index >= count && signal?.aborted !== true) return
          waiting.delete(wake)
          resolve()
        }
        waiting.add(wake)
        signal?.addEventListener('abort', wake)
      }),
  }
}

/** Yields the parts of a stream. */
export async function* streamOfParts(stream: ReadableStream): AsyncGenerator<SdkPart> {
  for await (const part of stream as unknown as AsyncIterable<SdkPart>) yield part
}

/** Returns the text of a stream. */
export async function textOf(stream: ReadableStream): Promise<string> {
  let text = ''
  for await (const { type, delta } of streamOfParts(stream))
    if (type === 'text-delta') text += String(delta)
  return text
}

function inVersion(part: SdkPart, version: string): SdkPart {
  const { finishReason } = part
  if (part.type !== 'finish' || version === 'v2' || typeof finishReason !== 'string') return part
  return { ...part, finishReason: { unified: finishReason, raw: finishReason } }
}

function toResult(parts: readonly SdkPart[], version: string): object {
  const finish = parts.find(({ type }) => type === 'finish')
  let text = ''
  let reasoning = ''
  for (const { type, delta } of parts) {
    if (type === 'text-delta') text += String(delta)
    if (type === 'reasoning-delta') reasoning += String(delta)
  }
  const whole = parts.filter(({ type }) => type.startsWith('tool-'))
  return {
    ...inVersion(finish ?? { type: 'finish' }, version),
    content: [{ type: 'reasoning', text: reasoning }, { type: 'text', text }, ...whole],
    warnings: [],
  }
}
