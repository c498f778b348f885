import type { TextDocument } from './document.js'
import { pickDiverse } from './ranking.js'
import { salienceOf } from './salience.js'
import { condense, standalone } from './sentences.js'
import { buildVectorSpace } from './term-vectors.js'

export interface Summary {
  readonly summary: string
  readonly sentences: ReadonlyArray<{
    readonly index: number
    readonly score: number
    readonly text: string
  }>
  readonly sentence_count: number
}

/** Returns the most representative sentences, in the order of the text. */
export function summarize({ sentences }: TextDocument, maxSentences: number): Summary {
  const { vectors } = buildVectorSpace(sentences)
  const candidates = salienceOf(sentences, vectors).map((score, index) => ({ index, score }))
  const chosen = pickDiverse(candidates, vectors, maxSentences)
    .toSorted((left, right) => left.index - right.index)
    .map(({ index, score }) => ({
      index,
      score,
      text: condense(standalone(sentences[index]?.text ?? '')),
    }))
  return {
    summary: chosen.map(({ text }) => text).join(' '),
    sentences: chosen,
    sentence_count: sentences.length,
  }
}
