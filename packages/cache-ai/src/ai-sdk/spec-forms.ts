import { isPlainObject } from '@verbatim/cache-core/implement'
import type {
  FileData,
  FinishReason,
  ModelAnswer,
  TokenUsage,
} from '../model-calls/model-answer.js'
import type { SpecVersion } from './sdk-types.js'

// AI SDK 5 writes finish reason, usage, warnings and files in other forms than 6 and 7. An answer is stored in
// the forms of the newest version.

const FINISH_REASONS: ReadonlySet<string> = new Set<FinishReason>([
  ...(['stop', 'length', 'content-filter', 'tool-calls', 'error', 'other'] as const),
])

/** Returns a finish reason of any version. An unknown one is `'other'`, which is never stored. */
export function toFinishReason(value: unknown): ModelAnswer['finishReason'] {
  const { unified, raw } = isPlainObject(value) ? value : { unified: value, raw: undefined }
  const isKnown = typeof unified === 'string' && FINISH_REASONS.has(unified)
  return {
    unified: isKnown ? (unified as FinishReason) : 'other',
    raw: typeof raw === 'string' ? raw : undefined,
  }
}

export function fromFinishReason(reason: ModelAnswer['finishReason'], spec: SpecVersion): unknown {
  return spec === 2 ? reason.unified : { unified: reason.unified, raw: reason.raw }
}

/** Returns the tokens of any version. */
export function toUsage(value: unknown): TokenUsage {
  if (!isPlainObject(value)) return { inputTokens: {}, outputTokens: {} }
  const { inputTokens, outputTokens, cachedInputTokens, reasoningTokens, raw } = value
  if (!isPlainObject(inputTokens) || !isPlainObject(outputTokens)) {
    return {
      inputTokens: { total: count(inputTokens), cacheRead: count(cachedInputTokens) },
      outputTokens: { total: count(outputTokens), reasoning: count(reasoningTokens) },
    }
  }
  return {
    inputTokens: {
      total: count(inputTokens['total']),
      noCache: count(inputTokens['noCache']),
      cacheRead: count(inputTokens['cacheRead']),
      cacheWrite: count(inputTokens['cacheWrite']),
    },
    outputTokens: {
      total: count(outputTokens['total']),
      text: count(outputTokens['text']),
      reasoning: count(outputTokens['reasoning']),
    },
    ...(raw !== undefined && { raw: structuredClone(raw) }),
  }
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}

/** Returns the usage of a call that used no tokens. */
export function noUsage(spec: SpecVersion): unknown {
  if (spec === 2) return { inputTokens: 0, outputTokens: 0, totalTokens: 0 }
  return {
    inputTokens: { total: 0, noCache: 0, cacheRead: 0, cacheWrite: 0 },
    outputTokens: { total: 0, text: 0, reasoning: 0 },
  }
}

/** Returns the tokens of the call of the model as JSON, for the metadata of a stored answer. */
export function usageAsMetadata({
  inputTokens,
  outputTokens,
}: TokenUsage): Record<string, unknown> {
  return {
    inputTokens: withoutUndefined(inputTokens),
    outputTokens: withoutUndefined(outputTokens),
  }
}

export function withoutUndefined(values: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
}

/** Returns a warning of any version in the form of the newest one. */
export function toWarning(warning: unknown): unknown {
  if (!isPlainObject(warning)) return warning
  const { type, setting, tool, details } = warning
  if (type === 'unsupported-setting')
    return withoutUndefined({ type: 'unsupported', feature: setting, details })
  if (type !== 'unsupported-tool') return structuredClone(warning)
  const { name } = isPlainObject(tool) ? tool : { name: 'unknown' }
  return withoutUndefined({ type: 'unsupported', feature: `tool ${String(name)}`, details })
}

export function fromWarning(warning: unknown, spec: SpecVersion): unknown {
  if (spec !== 2 || !isPlainObject(warning)) return structuredClone(warning)
  const { type, feature, details, message } = warning
  if (type === 'unsupported')
    return withoutUndefined({ type: 'unsupported-setting', setting: feature, details })
  return { type: 'other', message: message ?? details ?? feature ?? type }
}

/** Returns the data of a file of any version, or `undefined` for a form that cannot be stored. */
export function toFileData(data: unknown): FileData | undefined {
  if (typeof data === 'string') return { type: 'data', data }
  if (data instanceof Uint8Array) return { type: 'data', data: Uint8Array.from(data) }
  if (!isPlainObject(data)) return undefined
  if (data['type'] === 'data') return toFileData(data['data'])
  return data['type'] === 'url' ? { type: 'url', url: String(data['url']) } : undefined
}

/** Returns the data of a file, or `undefined` where the version cannot express it. */
export function fromFileData(file: FileData, spec: SpecVersion): unknown {
  if (file.type === 'url') return spec === 4 ? { type: 'url', url: new URL(file.url) } : undefined
  const data = typeof file.data === 'string' ? file.data : Uint8Array.from(file.data)
  return spec === 4 ? { type: 'data', data } : data
}
