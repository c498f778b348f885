import vader from 'vader-sentiment'
import type { TextDocument } from './document.js'
import { roundScore } from './ranking.js'
import { standalone } from './sentences.js'

type SentimentLabel = 'positive' | 'neutral' | 'negative'

export interface Sentiment {
  readonly label: SentimentLabel
  /** The mean over the sentences, from -1 to 1. */
  readonly score: number
  /** The strength of the score and the agreement of the sentences, from 0 to 1. */
  readonly confidence: number
  readonly sentence_counts: Readonly<Record<SentimentLabel, number>>
  readonly most_positive: ScoredSentence | null
  readonly most_negative: ScoredSentence | null
}

interface ScoredSentence {
  readonly index: number
  readonly score: number
  readonly text: string
}

/** The limit up to which the authors of VADER call a sentence neutral. */
const NEUTRAL_SENTENCE = 0.05

/** The limit up to which the mean of neutral prose can differ from 0 by chance. */
const NEUTRAL_TEXT = 0.1

/** A mean that longer texts rarely exceed. */
const STRONG_TEXT = 0.5

/**
 * Scores each sentence with VADER and returns the mean. For a whole text VADER's own score reaches -1 or 1,
 * because it adds up all words.
 */
export function analyzeSentiment({ sentences }: TextDocument): Sentiment {
  const scored = sentences.map(({ index, text }) => ({
    index,
    score: roundScore(polarity(text)),
    text: standalone(text),
  }))
  const counts = { positive: 0, neutral: 0, negative: 0 }
  let sum = 0
  for (const { score } of scored) {
    counts[labelOf(score, NEUTRAL_SENTENCE)] += 1
    sum += score
  }
  const mean = scored.length === 0 ? 0 : sum / scored.length
  const label = labelOf(mean, NEUTRAL_TEXT)
  const agreement = scored.length === 0 ? 0 : counts[label] / scored.length
  const ranked = scored.toSorted(
    (left, right) => right.score - left.score || left.index - right.index,
  )
  const highest = ranked.at(0)
  const lowest = ranked.findLast((sentence) => sentence.score === ranked.at(-1)?.score)
  return {
    label,
    score: roundScore(mean),
    confidence: roundScore((agreement + strengthOf(mean, label)) / 2),
    sentence_counts: counts,
    most_positive: highest !== undefined && highest.score > 0 ? highest : null,
    most_negative: lowest !== undefined && lowest.score < 0 ? lowest : null,
  }
}

/** Returns how positive or negative a sentence is, from -1 to 1. */
function polarity(sentence: string): number {
  return vader.SentimentIntensityAnalyzer.polarity_scores(sentence).compound
}

function labelOf(score: number, neutral: number): SentimentLabel {
  if (Math.abs(score) <= neutral) return 'neutral'
  return score > 0 ? 'positive' : 'negative'
}

// The confidence of a neutral text grows towards 0, and that of any other text away from 0.
function strengthOf(mean: number, label: SentimentLabel): number {
  const size = Math.abs(mean)
  return label === 'neutral' ? 1 - size / NEUTRAL_TEXT : Math.min(1, size / STRONG_TEXT)
}
