import { assertKnownFields } from '@verbatim/cache-core/implement'
import { checkedKeySecret, type KeySecretOption } from '../keys/key-secret.js'
import { BypassError, type BypassReason } from '../model-calls/call-status.js'
import { canonicalText, type KeyDocument, requestKey } from '../model-calls/request-key.js'
import { assertModelTenant, type Tenant } from '../model-calls/tenant.js'
import { requestDocument } from './request-document.js'

/** A call as a model of the AI SDK receives it. */
export interface ExplainedCall {
  /** The model, or an object with its `provider` and `modelId`. */
  readonly model: { readonly provider: string; readonly modelId: string }
  /** The argument of `doGenerate` and `doStream`. */
  readonly params: Readonly<Record<string, unknown>>
}

/** The options of the middleware and of the call that are part of the key. */
export interface KeyOptions extends KeySecretOption {
  readonly tenant: Tenant
  readonly version?: string | undefined
  readonly variant?: string | number | undefined
  readonly cacheStatefulCalls?: boolean | undefined
}

const FIELDS: ReadonlySet<string> = new Set<keyof KeyOptions>([
  ...(['tenant', 'version', 'variant', 'cacheStatefulCalls', 'keySecret'] as const),
])

/** The parts of a key. They contain the text of the request. */
export type KeyExplanation =
  | {
      readonly key: string
      readonly digest: string
      /** The canonical form of the request: with digests of bytes and long texts, and the order of ids. */
      readonly canonical: string
      /** Paths of the fields that are not part of the key, because they do not change the answer. */
      readonly leftOut: readonly string[]
    }
  | { readonly bypass: BypassReason; readonly path?: string | undefined }

/**
 * Returns what goes into the key of a call, to find out why two calls share a key or do not.
 *
 * @throws ValidationError for a bad option
 * @example
 * ```ts
 * const explained = explainKey({ model, params: { prompt } }, { tenant: SHARED })
 * ```
 */
export function explainKey({ model, params }: ExplainedCall, options: KeyOptions): KeyExplanation {
  assertKnownFields(options, FIELDS, 'options')
  const { tenant, version, variant = 0, cacheStatefulCalls = false } = options
  assertModelTenant(tenant)
  const keySecret = checkedKeySecret(options.keySecret)
  try {
    const { request, headers, leftOut } = requestDocument(params, {
      cacheStatefulCalls,
    })
    const document: KeyDocument = {
      surface: 'language',
      tenant,
      provider: model.provider,
      model: model.modelId,
      version,
      variant,
      request: { fields: request, headers },
    }
    const { key, digest } = requestKey(document, keySecret)
    return { key, digest, canonical: canonicalText(document), leftOut }
  } catch (error) {
    if (!(error instanceof BypassError)) throw error
    return { bypass: error.reason, path: error.path }
  }
}
