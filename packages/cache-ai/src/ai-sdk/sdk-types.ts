/** The shape that the language models of AI SDK 5 (`v2`), 6 (`v3`) and 7 (`v4`) share. */
export interface SdkLanguageModel {
  readonly specificationVersion: string
  readonly provider: string
  readonly modelId: string
  doGenerate(params: SdkCallOptions): PromiseLike<SdkGenerateResult>
  doStream(params: SdkCallOptions): PromiseLike<SdkStreamResult>
}

/** The options of a call, with all fields that any version has. */
export interface SdkCallOptions {
  readonly prompt?: unknown
  readonly tools?: readonly unknown[] | undefined
  readonly toolChoice?: unknown
  readonly responseFormat?: { readonly type?: unknown; readonly schema?: unknown } | undefined
  readonly includeRawChunks?: boolean | undefined
  readonly abortSignal?: AbortSignal | undefined
  readonly headers?: Readonly<Record<string, string | undefined>> | undefined
  readonly providerOptions?: Readonly<Record<string, unknown>> | undefined
  readonly [field: string]: unknown
}

export interface SdkGenerateResult {
  readonly content: readonly SdkPart[]
  readonly finishReason: unknown
  readonly usage: unknown
  readonly warnings?: readonly unknown[] | undefined
  readonly providerMetadata?: Readonly<Record<string, unknown>> | undefined
  readonly response?: Readonly<Record<string, unknown>> | undefined
  readonly [field: string]: unknown
}

export interface SdkStreamResult {
  readonly stream: ReadableStream<SdkPart>
  readonly [field: string]: unknown
}

/** A part of an answer, or an event of a stream. */
export interface SdkPart {
  readonly type: string
  readonly [field: string]: unknown
}

/** The version of the interface of a model: 2 for AI SDK 5, 3 for 6, and 4 for 7. */
export type SpecVersion = 2 | 3 | 4

/** Returns the version of the interface of a model. A version that is not known yet is read like the newest one. */
export function specVersionOf({
  specificationVersion,
}: {
  specificationVersion?: unknown
}): SpecVersion {
  if (specificationVersion === 'v2') return 2
  return specificationVersion === 'v3' ? 3 : 4
}
