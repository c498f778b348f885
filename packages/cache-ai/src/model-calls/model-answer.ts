/** Metadata of a provider by its name. It is JSON. */
export type ProviderMetadata = Readonly<Record<string, Readonly<Record<string, unknown>>>>

/** The bytes of a file, as base64 or as bytes, or its address. */
export type FileData =
  | { readonly type: 'data'; readonly data: string | Uint8Array }
  | { readonly type: 'url'; readonly url: string }

/** A part of an answer. */
export type AnswerPart = { readonly providerMetadata?: ProviderMetadata | undefined } & (
  | { readonly type: 'text' | 'reasoning'; readonly text: string }
  | {
      readonly type: 'file' | 'reasoning-file'
      readonly mediaType: string
      readonly data: FileData
    }
  | {
      readonly type: 'tool-call'
      readonly toolCallId: string
      readonly toolName: string
      /** The input as JSON. */
      readonly input: string
      readonly providerExecuted?: boolean | undefined
      readonly dynamic?: boolean | undefined
    }
  | {
      readonly type: 'tool-result'
      readonly toolCallId: string
      readonly toolName: string
      readonly result: unknown
      readonly isError?: boolean | undefined
      readonly dynamic?: boolean | undefined
    }
  | { readonly type: 'source' | 'custom'; readonly [field: string]: unknown }
)

/** Why the model stopped. */
export type FinishReason = 'stop' | 'length' | 'content-filter' | 'tool-calls' | 'error' | 'other'

/** The words by which OpenAI and compatible servers say that the model has finished its answer. */
export const COMPLETE_REASONS: Readonly<Record<string, FinishReason>> = {
  stop: 'stop',
  end_turn: 'stop',
  stop_sequence: 'stop',
  eos: 'stop',
  eos_token: 'stop',
  tool_calls: 'tool-calls',
  function_call: 'tool-calls',
}

/** Tokens of a call; a number that the provider did not report is absent. */
export interface TokenUsage {
  readonly inputTokens: {
    readonly total?: number | undefined
    readonly noCache?: number | undefined
    readonly cacheRead?: number | undefined
    readonly cacheWrite?: number | undefined
  }
  readonly outputTokens: {
    readonly total?: number | undefined
    readonly text?: number | undefined
    readonly reasoning?: number | undefined
  }
  /** The numbers as the provider sent them. */
  readonly raw?: unknown
}

/**
 * The answer of a model in the form in which it is stored: the same for a call that streamed and one that did
 * not, and for every version of the client.
 */
export interface ModelAnswer {
  readonly content: readonly AnswerPart[]
  readonly finishReason: { readonly unified: FinishReason; readonly raw?: string | undefined }
  readonly usage: TokenUsage
  readonly warnings: readonly unknown[]
  readonly providerMetadata?: ProviderMetadata | undefined
  readonly response: {
    readonly id?: string | undefined
    readonly modelId?: string | undefined
    /** Milliseconds since 1970. */
    readonly timestamp?: number | undefined
  }
  /** The course of the stream; absent for an answer that was not streamed. */
  readonly track?: StreamTrack | undefined
}

/**
 * The course of a stream in groups of three numbers: the index of the part, what happened, and milliseconds
 * since the start. What happened is the length of a delta in UTF-16 units, or one of {@link TRACK}.
 */
export type StreamTrack = readonly number[]

/** Events of a {@link StreamTrack} that are not deltas. */
export const TRACK = { start: -1, end: -2, whole: -3 } as const
