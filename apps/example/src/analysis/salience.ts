import type { Sentence } from './document.js'
import { scaleToOne } from './ranking.js'
import { similarity, type TermVector } from './term-vectors.js'

const DAMPING = 0.85
const MAX_ROUNDS = 50
const CONVERGED = 1e-6

/** Sentences with a higher similarity repeat each other. They must not raise each other's scores. */
const REPEATS = 0.3

/**
 * Returns how well each sentence represents the text, from 0 to 1. In LexRank (Erkan and Radev, 2004), similar
 * sentences vote for each other. Sentences that cannot be read alone score lower.
 */
export function salienceOf(
  sentences: readonly Sentence[],
  vectors: readonly TermVector[],
): readonly number[] {
  const central = scaleToOne(lexRank(vectors))
  return scaleToOne(
    sentences.map((sentence, index) => (central[index] ?? 0) * standsAlone(sentence)),
  )
}

function lexRank(vectors: readonly TermVector[]): number[] {
  const votes = votesAmong(vectors)
  let ranks = vectors.map(() => 1 / vectors.length)
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const next = vectors.map(() => (1 - DAMPING) / vectors.length)
    for (const [from, { weights, total }] of votes.entries()) {
      if (total === 0) continue
      const share = (DAMPING * (ranks[from] ?? 0)) / total
      for (const [to, weight] of weights.entries()) next[to] = (next[to] ?? 0) + share * weight
    }
    const change = next.reduce((sum, rank, index) => sum + Math.abs(rank - (ranks[index] ?? 0)), 0)
    ranks = next
    if (change < CONVERGED) break
  }
  return ranks
}

interface Votes {
  /** The votes of this sentence for each of the others. */
  readonly weights: Float64Array
  readonly total: number
}

function votesAmong(vectors: readonly TermVector[]): Votes[] {
  const rows = vectors.map(() => new Float64Array(vectors.length))
  for (const [index, vector] of vectors.entries()) {
    for (let other = 0; other < index; other++) {
      const alike = similarity(vector, vectors[other] ?? new Map())
      if (alike > REPEATS) continue
      rows[index]?.fill(alike, other, other + 1)
      rows[other]?.fill(alike, index, index + 1)
    }
  }
  return rows.map((weights) => ({
    weights,
    total: weights.reduce((sum, weight) => sum + weight, 0),
  }))
}

/** Returns how well a sentence can be read alone. Questions and fragments score lower. */
function standsAlone(sentence: Sentence): number {
  const { text, tokens, wordCount, index, isSpeech } = sentence
  const [first, second] = tokens.filter((token) => token.partOfSpeech !== 'PUNCT')
  let factor = 1
  if (wordCount < 10) factor *= 0.6
  if (wordCount < 6) factor *= 0.5
  if (wordCount > 60) factor *= 0.6
  if (!tokens.some((token) => token.partOfSpeech === 'VERB')) factor *= 0.5
  if (text.endsWith('?') || text.endsWith(':')) factor *= 0.3
  if (isSpeech) factor *= 0.5
  if (first?.partOfSpeech === 'PRON') factor *= 0.6
  if (first?.partOfSpeech === 'CCONJ') factor *= 0.8
  // "Had she known ..." did not happen. "For cutting off ..." depends on the previous sentence.
  if (first?.partOfSpeech === 'AUX') factor *= 0.4
  if (first?.lemma === 'for' && second?.text.endsWith('ing') === true) factor *= 0.5
  if (sentence.people.length + sentence.places.length > 0) factor *= 1.15
  // The first sentences of a text often introduce its subject.
  return factor * (1 + 0.3 / (1 + index))
}
