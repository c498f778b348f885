import type { Sentence, TextDocument } from './document.js'
import { byScore, type Ranked, roundScore, scaleToOne } from './ranking.js'
import { salienceOf } from './salience.js'
import { condense, standalone } from './sentences.js'
import { buildVectorSpace, centroid, similarity, type TermVector } from './term-vectors.js'

export interface KeyPoints {
  readonly key_points: ReadonlyArray<{
    readonly index: number
    readonly score: number
    readonly text: string
  }>
}

/** Two points with a higher similarity count as one. */
const SAME_POINT = 0.3

// Words that only connect a sentence to the previous one.
const OPENERS =
  /^(?:and then|and so|and here|in addition|for example|for instance|as a result|and|but|so|now|then|indeed|therefore|however|moreover|also|thus|yet|oh|well)\b,?\s+/iu

/** Returns the statements that are most similar to the whole text, best first. */
export function extractKeyPoints({ sentences }: TextDocument, count: number): KeyPoints {
  const { vectors } = buildVectorSpace(sentences)
  const subject = centroid(vectors)
  const closeness = scaleToOne(vectors.map((vector) => similarity(vector, subject)))
  const salience = salienceOf(sentences, vectors)
  const candidates = sentences.map(({ index }) => ({
    index,
    score: roundScore(((closeness[index] ?? 0) + (salience[index] ?? 0)) / 2),
  }))
  const chosen = withoutRepeats(candidates.toSorted(byScore), vectors, count)
  return {
    key_points: chosen.map(({ index, score }) => ({
      index,
      score,
      text: sentences[index] === undefined ? '' : pointOf(sentences[index]),
    })),
  }
}

function withoutRepeats(
  candidates: readonly Ranked[],
  vectors: readonly TermVector[],
  count: number,
): Ranked[] {
  const chosen: Ranked[] = []
  for (const candidate of candidates) {
    if (chosen.length === count) break
    const vector = vectors[candidate.index]
    const isRepeat = chosen.some((earlier) => {
      const other = vectors[earlier.index]
      return vector !== undefined && other !== undefined && similarity(vector, other) > SAME_POINT
    })
    if (!isRepeat) chosen.push(candidate)
  }
  return chosen
}

function pointOf(sentence: Sentence): string {
  const bare = condense(standalone(sentence.text)).replace(OPENERS, '')
  return bare.charAt(0).toUpperCase() + bare.slice(1)
}
