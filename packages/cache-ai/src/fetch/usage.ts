import type { TokenUsage } from '../model-calls/model-answer.js'
import { type Json, objectOf } from './protocols/protocol.js'

/** Returns the tokens in the body of an answer of any protocol; `undefined` if it has none. */
export function usageIn(body: Json): TokenUsage | undefined {
  if (body['usageMetadata'] !== undefined) return googleUsage(objectOf(body['usageMetadata']))
  const usage = objectOf(body['usage'])
  if ('prompt_tokens' in usage) return chatUsage(usage)
  if ('input_tokens_details' in usage) return responsesUsage(usage)
  return 'input_tokens' in usage ? anthropicUsage(usage) : undefined
}

function chatUsage(usage: Json): TokenUsage {
  const { cached_tokens } = objectOf(usage['prompt_tokens_details'])
  return {
    inputTokens: { total: count(usage['prompt_tokens']), cacheRead: count(cached_tokens) },
    outputTokens: { total: count(usage['completion_tokens']) },
  }
}

function responsesUsage(usage: Json): TokenUsage {
  const { cached_tokens } = objectOf(usage['input_tokens_details'])
  return {
    inputTokens: { total: count(usage['input_tokens']), cacheRead: count(cached_tokens) },
    outputTokens: { total: count(usage['output_tokens']) },
  }
}

/** Returns the tokens that Anthropic reports. It counts those of its prompt cache apart from the others. */
function anthropicUsage(usage: Json): TokenUsage {
  return {
    inputTokens: {
      noCache: count(usage['input_tokens']),
      cacheRead: count(usage['cache_read_input_tokens']),
      cacheWrite: count(usage['cache_creation_input_tokens']),
    },
    outputTokens: { total: count(usage['output_tokens']) },
  }
}

function googleUsage(usage: Json): TokenUsage {
  const thoughts = count(usage['thoughtsTokenCount']) ?? 0
  return {
    inputTokens: {
      total: count(usage['promptTokenCount']),
      cacheRead: count(usage['cachedContentTokenCount']),
    },
    outputTokens: { total: (count(usage['candidatesTokenCount']) ?? 0) + thoughts },
  }
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}
