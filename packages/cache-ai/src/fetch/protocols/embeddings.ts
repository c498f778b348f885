import { answer, listOf, objectOf, type Protocol } from './protocol.js'

/** Embeddings of OpenAI and of compatible servers. */
export const openaiEmbeddings: Protocol = {
  name: 'openai-embeddings',
  dependsOnProvider: () => undefined,
  wantsJson: () => false,
  answersOf: ({ data }, { input }) => {
    const isOneOfTokens = Array.isArray(input) && typeof input[0] === 'number'
    const count = Array.isArray(input) && !isOneOfTokens ? input.length : 1
    return checked(
      listOf(data).map(({ embedding }) => embedding),
      count,
    )
  },
}

/** `embedContent` and `batchEmbedContents` of Google. */
export const googleEmbeddings: Protocol = {
  name: 'google-embeddings',
  dependsOnProvider: () => undefined,
  wantsJson: () => false,
  answersOf: ({ embedding, embeddings }, { requests }) => {
    const all = embedding === undefined ? listOf(embeddings) : [objectOf(embedding)]
    return checked(
      all.map(({ values }) => values),
      Array.isArray(requests) ? requests.length : 1,
    )
  },
}

/** Checks that each input has a vector: numbers, or their bytes in base64. */
function checked(vectors: readonly unknown[], count: number): ReturnType<Protocol['answersOf']> {
  const isVector = (vector: unknown): boolean =>
    (typeof vector === 'string' && vector !== '') ||
    (Array.isArray(vector) && vector.length > 0 && vector.every(Number.isFinite))
  if (vectors.length !== count || !vectors.every(isVector)) return 'incomplete'
  return [answer([{ type: 'custom' }], 'stop')]
}
