import { type Answered, type Ending, TOKENS } from './reply.js'
import type { Wire } from './wire.js'

const FINISH_REASONS: Readonly<Record<Ending, string>> = {
  stop: 'STOP',
  tools: 'STOP',
  cut: 'MAX_TOKENS',
  filtered: 'SAFETY',
}

export const generateContent: Wire = {
  whole: (answered) => {
    const text = answered.text.join('')
    const parts = [...(text === '' ? [] : [{ text }]), ...callParts(answered)]
    return content(answered, parts, FINISH_REASONS[answered.ending])
  },
  events(answered) {
    const parts = [...answered.text.map((text) => ({ text })), ...callParts(answered)]
    return [
      ...parts.map((part) => ({ data: content(answered, [part]) })),
      { data: content(answered, [{ text: '' }], FINISH_REASONS[answered.ending]) },
    ]
  },
  error: { data: { error: { code: 503, message: 'overloaded', status: 'UNAVAILABLE' } } },
}

function callParts({ toolCalls }: Answered): object[] {
  return toolCalls.map(({ name, input }) => ({
    functionCall: { name, args: JSON.parse(input) as unknown },
  }))
}

function content(
  { number, model }: Answered,
  parts: readonly object[],
  finishReason?: string,
): object {
  return {
    candidates: [
      {
        content: { role: 'model', parts },
        index: 0,
        ...(finishReason !== undefined && { finishReason }),
      },
    ],
    usageMetadata: {
      promptTokenCount: TOKENS.input,
      candidatesTokenCount: TOKENS.output,
      totalTokenCount: TOKENS.input + TOKENS.output,
    },
    modelVersion: model,
    responseId: `google-${number}`,
  }
}
