import { anthropicMessages } from './protocols/anthropic.js'
import { googleEmbeddings, openaiEmbeddings } from './protocols/embeddings.js'
import { googleGenerate } from './protocols/google.js'
import { openaiChat, openaiCompletions } from './protocols/openai-chat.js'
import { openaiResponses } from './protocols/openai-responses.js'
import type { Json, Protocol } from './protocols/protocol.js'

/** Protocols by the end of the path, also behind the prefixes of compatible servers and of Azure. */
const PATHS: readonly (readonly [RegExp, Protocol])[] = [
  [/\/chat\/completions$/, openaiChat],
  [/\/(v\d+|openai)\/responses$/, openaiResponses],
  [/\/(v\d+|openai|deployments\/[^/]+)\/completions$/, openaiCompletions],
  [/\/(v\d+|openai|models|deployments\/[^/]+)\/embeddings$/, openaiEmbeddings],
  [/\/v\d+\/messages$/, anthropicMessages],
  [/\/models\/[^/]+:(generateContent|streamGenerateContent)$/, googleGenerate],
  [/\/models\/[^/]+:(embedContent|batchEmbedContents)$/, googleEmbeddings],
]

/** A request of a known protocol. */
export interface Endpoint {
  readonly protocol: Protocol
  /** The address without the parts that do not change the answer. */
  readonly address: string
  readonly isStream: boolean
}

/** Returns the protocol of a request, or `undefined` for an unknown one. */
export function endpointOf(url: URL, body: Json): Endpoint | undefined {
  const protocol = PATHS.find(([path]) => path.test(url.pathname))?.[1]
  if (protocol === undefined) return undefined
  const isGoogleStream = url.pathname.endsWith(':streamGenerateContent')
  // Without `alt=sse`, Google sends an array of JSON, which this cache does not replay.
  if (isGoogleStream && url.searchParams.get('alt') !== 'sse') return undefined
  const query = new URLSearchParams(url.searchParams)
  // `key` is the credential of Google.
  for (const name of ['alt', 'key']) query.delete(name)
  query.sort()
  const path = url.pathname.replace(':streamGenerateContent', ':generateContent')
  const isStream = isGoogleStream || body['stream'] === true
  return { protocol, address: `${url.origin}${path}?${query.toString()}`, isStream }
}
