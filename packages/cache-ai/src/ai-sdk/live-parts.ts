import { isPlainObject } from '@verbatim/cache-core/implement'
import type { CallReport } from '../model-calls/call-status.js'
import { freshIds } from '../model-calls/tool-call-ids.js'
import { reportAsMetadata, withoutItemIds } from './answer-parts.js'
import { CONTROL_NAME } from './request-document.js'
import type { SdkPart, SpecVersion } from './sdk-types.js'
import { noUsage, toUsage, usageAsMetadata } from './spec-forms.js'

/** Returns a function that copies the parts of a live stream for the caller that started it. */
export function firstReader(report: CallReport): (part: SdkPart) => SdkPart {
  return (part) => (part.type === 'finish' ? withReport(copyOf(part), report) : copyOf(part))
}

/**
 * Returns a function that copies the parts of a live stream for a caller that joined it: with ids of its own,
 * and without the tokens, which the first caller reports.
 */
export function joinedReader(report: CallReport, spec: SpecVersion): (part: SdkPart) => SdkPart {
  const ids = freshIds()
  const toolInputs = new Set<unknown>()
  return (part) => {
    const copy: Record<string, unknown> = { ...copyOf(part) }
    const metadata = withoutItemIds(part['providerMetadata'])
    if (metadata !== undefined) copy['providerMetadata'] = metadata
    if (part.type === 'tool-input-start') toolInputs.add(part['id'])
    if (toolInputs.has(part['id']) && part.type.startsWith('tool-input-'))
      copy['id'] = ids.rename(String(part['id']))
    if (typeof part['toolCallId'] === 'string') copy['toolCallId'] = ids.rename(part['toolCallId'])
    if (part.type !== 'finish') return copy as SdkPart
    const usage = usageAsMetadata(toUsage(part['usage']))
    return withReport({ ...(copy as SdkPart), usage: noUsage(spec) }, report, { usage })
  }
}

/** Returns a part, or a result, with the status of the call in its metadata. */
export function withReport<Part extends object>(
  part: Part,
  report: CallReport,
  more: Readonly<Record<string, unknown>> = {},
): Part {
  const { providerMetadata } = part as { readonly providerMetadata?: unknown }
  const metadata = isPlainObject(providerMetadata) ? providerMetadata : {}
  const verbatim = { ...reportAsMetadata(report), ...more }
  return { ...part, providerMetadata: { ...metadata, [CONTROL_NAME]: verbatim } }
}

/** Returns a copy, because other readers get the same part. Errors and other objects are shared. */
function copyOf(part: SdkPart): SdkPart {
  let copy: Record<string, unknown> | undefined
  for (const [name, value] of Object.entries(part)) {
    if (!Array.isArray(value) && !isPlainObject(value)) continue
    copy ??= { ...part }
    try {
      copy[name] = structuredClone(value)
    } catch {
      copy[name] = value
    }
  }
  return (copy ?? { ...part }) as SdkPart
}
