import type { Sentence } from './document.js'

/** A sparse vector of unit length, from term to weight. */
export type TermVector = ReadonlyMap<string, number>

export interface VectorSpace {
  /** One vector for each sentence. */
  readonly vectors: readonly TermVector[]
  /** Returns a weight that is higher for terms in fewer sentences. */
  inverseFrequency(term: string): number
}

/** Returns TF-IDF vectors that treat every sentence of a text as a document. */
export function buildVectorSpace(sentences: readonly Sentence[]): VectorSpace {
  const sentencesWith = new Map<string, number>()
  for (const sentence of sentences) {
    for (const term of new Set(sentence.terms)) {
      sentencesWith.set(term, (sentencesWith.get(term) ?? 0) + 1)
    }
  }
  const inverseFrequency = (term: string): number =>
    Math.log(1 + sentences.length / (1 + (sentencesWith.get(term) ?? 0)))
  const vectors = sentences.map(({ terms }) => {
    const weights = new Map<string, number>()
    for (const term of terms) weights.set(term, (weights.get(term) ?? 0) + inverseFrequency(term))
    return normalise(weights)
  })
  return { vectors, inverseFrequency }
}

/** Returns the cosine of two vectors of unit length. */
export function similarity(left: TermVector, right: TermVector): number {
  const [smaller, larger] = left.size <= right.size ? [left, right] : [right, left]
  let product = 0
  for (const [term, weight] of smaller) product += weight * (larger.get(term) ?? 0)
  return product
}

/** Returns the mean direction of all vectors, which represents the subject of the text. */
export function centroid(vectors: readonly TermVector[]): TermVector {
  const sum = new Map<string, number>()
  for (const vector of vectors) {
    for (const [term, weight] of vector) sum.set(term, (sum.get(term) ?? 0) + weight)
  }
  return normalise(sum)
}

function normalise(weights: ReadonlyMap<string, number>): TermVector {
  let squares = 0
  for (const weight of weights.values()) squares += weight * weight
  if (squares === 0) return weights
  const length = Math.sqrt(squares)
  return new Map(Array.from(weights, ([term, weight]) => [term, weight / length]))
}
