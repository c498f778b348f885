import vader from 'vader-sentiment'
import type { TextDocument } from './document.js'
import { roundScore } from './ranking.js'
import { standalone } from './sentences.js'

type SentimentLabel = 'positive' | 'neutral' | 'negative'

export interface Sentiment {
  readonly label: SentimentLabel
  /** The mean over the sentences, from -1 to 1. */
  readonly score: number
  /** From 0 to 1: how strong the score is, and how far the sentences agree with it. */
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

/** Up to where the authors of VADER call a sentence neutral. */
const NEUTRAL_SENTENCE = 0.05

/** Up to where the mean of a text lies within what plain prose scores by the accident of its words. */
const NEUTRAL_TEXT = 0.1

/** A mean that no text of more than a few sentences goes far beyond. */
const STRONG_TEXT = 0.5

/**
 * Scores each sentence with VADER and takes the mean. Over a whole text VADER's own score saturates
 * at -1 or 1, for it adds up words however many there are.
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

/** How positive or negative a sentence is, from -1 to 1. */
function polarity(sentence: string): number {
  return vader.SentimentIntensityAnalyzer.polarity_scores(sentence).compound
}

function labelOf(score: number, neutral: number): SentimentLabel {
  if (Math.abs(score) <= neutral) return 'neutral'
  return score > 0 ? 'positive' : 'negative'
}

// A neutral text is the surer the nearer it is to 0, any other the farther it is from it.
function strengthOf(mean: number, label: SentimentLabel): number {
  const size = Math.abs(mean)
  return label === 'neutral' ? 1 - size / NEUTRAL_TEXT : Math.min(1, size / STRONG_TEXT)
}
