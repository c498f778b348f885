import { isPlainObject } from '@verbatim/cache-core/implement'
import type { CallReport } from '../model-calls/call-status.js'
import type { AnswerPart, ModelAnswer } from '../model-calls/model-answer.js'
import { freshIds, type IdNames } from '../model-calls/tool-call-ids.js'
import { CONTROL_NAME } from './request-document.js'
import type { SdkGenerateResult, SdkPart, SpecVersion } from './sdk-types.js'
import {
  fromFileData,
  fromFinishReason,
  fromWarning,
  noUsage,
  usageAsMetadata,
  withoutUndefined,
} from './spec-forms.js'

/** Returns whether a model of this version can give the answer. */
export function isReadable({ content }: ModelAnswer, spec: SpecVersion): boolean {
  if (spec === 4) return true
  return content.every((part) => {
    if (part.type === 'custom' || part.type === 'reasoning-file') return false
    return part.type !== 'file' || fromFileData(part.data, spec) !== undefined
  })
}

/** Returns a stored answer as the result of a call that does not stream. */
export function resultOf(
  answer: ModelAnswer,
  spec: SpecVersion,
  report: CallReport,
): SdkGenerateResult {
  const ids = freshIds()
  return {
    content: answer.content.map((part) => toSdkPart(part, spec, ids)),
    ...ending(answer, spec, report),
    warnings: answer.warnings.map((warning) => fromWarning(warning, spec)),
    response: responseOf(answer),
  }
}

/** Returns the fields of a stored answer that say how it ended. A stored answer used no tokens. */
export function ending(
  answer: ModelAnswer,
  spec: SpecVersion,
  report: CallReport,
): Pick<SdkGenerateResult, 'finishReason' | 'usage' | 'providerMetadata'> {
  const metadata = withoutItemIds(answer.providerMetadata) ?? {}
  return {
    finishReason: fromFinishReason(answer.finishReason, spec),
    usage: noUsage(spec),
    providerMetadata: {
      ...metadata,
      [CONTROL_NAME]: { ...reportAsMetadata(report), usage: usageAsMetadata(answer.usage) },
    },
  }
}

export function reportAsMetadata(report: CallReport): Record<string, unknown> {
  return withoutUndefined(report)
}

export function responseOf({ response }: ModelAnswer): Record<string, unknown> {
  const { timestamp, ...names } = response
  return { ...names, ...(timestamp !== undefined && { timestamp: new Date(timestamp) }) }
}

/** Returns a copy of a stored part for one reader, with new ids of tool calls. */
export function toSdkPart(part: AnswerPart, spec: SpecVersion, ids: IdNames): SdkPart {
  const { providerMetadata, ...fields } = part
  const metadata = withoutItemIds(providerMetadata)
  const copy: Record<string, unknown> = {
    ...fields,
    ...(metadata !== undefined && { providerMetadata: metadata }),
  }
  switch (part.type) {
    case 'tool-result':
      copy['result'] = structuredClone(part.result)
      copy['toolCallId'] = ids.rename(part.toolCallId)
      break
    case 'tool-call':
      copy['toolCallId'] = ids.rename(part.toolCallId)
      break
    case 'file':
    case 'reasoning-file':
      copy['data'] = fromFileData(part.data, spec)
      break
    case 'source':
    case 'custom':
      return structuredClone(copy) as SdkPart
    default:
  }
  return copy as SdkPart
}

/**
 * Returns a copy of metadata without the ids of items that the provider stores. A later turn would refer to an
 * item by its id, and the provider may have deleted it.
 */
export function withoutItemIds(metadata: unknown): Record<string, unknown> | undefined {
  if (!isPlainObject(metadata)) return undefined
  const retained: Record<string, unknown> = {}
  for (const [provider, values] of Object.entries(metadata)) {
    if (!isPlainObject(values)) {
      retained[provider] = structuredClone(values)
      continue
    }
    const { itemId: _, ...others } = values
    retained[provider] = structuredClone(others)
  }
  return retained
}
