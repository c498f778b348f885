import { similarity, type TermVector } from './term-vectors.js'

export interface Ranked {
  readonly index: number
  readonly score: number
}

/** Sorts best first. Equal scores keep the order of the text, so that results are the same in every run. */
export function byScore(left: Ranked, right: Ranked): number {
  return right.score - left.score || left.index - right.index
}

/** Rounds to three decimals, which hides the noise of floating-point arithmetic. */
export function roundScore(score: number): number {
  // Adding zero turns -0 into 0, as JSON does.
  return Math.round(score * 1000) / 1000 + 0
}

/** Scales scores so that the best is 1. */
export function scaleToOne(scores: readonly number[]): number[] {
  const best = scores.reduce((most, score) => Math.max(most, score), 0)
  return scores.map((score) => (best === 0 ? 0 : roundScore(score / best)))
}

/**
 * Picks the best candidates that do not repeat each other, by maximal marginal relevance (Carbonell and
 * Goldstein, 1998). Similarity to an earlier pick lowers the score of a candidate.
 *
 * @param redundancyCost - the score that full similarity to an earlier pick costs
 */
export function pickDiverse(
  candidates: readonly Ranked[],
  vectors: readonly TermVector[],
  count: number,
  redundancyCost = 0.6,
): Ranked[] {
  const remaining = candidates.toSorted(byScore)
  const picked: Ranked[] = []
  while (picked.length < count && remaining.length > 0) {
    const worth = remaining.map(({ score, index }) => {
      const repeated = picked.map((pick) => overlap(vectors[index], vectors[pick.index]))
      return roundScore(score - redundancyCost * Math.max(0, ...repeated))
    })
    const best = worth.indexOf(Math.max(...worth))
    picked.push(...remaining.splice(best, 1))
  }
  return picked
}

function overlap(left: TermVector | undefined, right: TermVector | undefined): number {
  return left === undefined || right === undefined ? 0 : similarity(left, right)
}
