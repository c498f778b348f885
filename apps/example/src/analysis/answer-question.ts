import { candidatesIn } from './answer-candidates.js'
import { parseSentence, type Sentence, type TextDocument } from './document.js'
import { type AnswerType, expectedAnswer, subjectTerms } from './expected-answers.js'
import { impliedTerms } from './implied-terms.js'
import { type Span, textOf } from './phrases.js'
import { byScore, type Ranked, roundScore } from './ranking.js'
import { condense, standalone } from './sentences.js'
import { buildVectorSpace, type VectorSpace } from './term-vectors.js'
import { mainVerbAnswer, repeats } from './verb-answers.js'

export interface Answer {
  readonly question: string
  readonly answerable: boolean
  /** The words of the text that answer the question, or `null`. */
  readonly answer: string | null
  readonly answer_type: AnswerType
  /** The part of the question that the evidence covers, from 0 to 1. */
  readonly confidence: number
  readonly evidence: { readonly index: number; readonly text: string } | null
}

/** Evidence with a lower score is about another subject. */
const MIN_CONFIDENCE = 0.45

/** The weight of a term that a pronoun or a neighbouring sentence implies. Written terms have weight 1. */
const IMPLIED_TERM = 0.6

/** The weight of a sentence that has no words of the expected type. */
const WITHOUT_SPAN: Record<AnswerType, number> = {
  statement: 1,
  thing: 0.6,
  person: 0.5,
  place: 0.5,
  // A sentence without an amount or a date rarely answers "how much" or "when".
  time: 0.2,
  duration: 0.2,
  money: 0.2,
  number: 0.2,
}

/** The weight of a sentence that is a question itself. */
const ASKING = 0.7

/** The bonus for a sentence that shares a "have" or a "be" with the question. */
const SHARED_AUXILIARY = 0.05

export function answerQuestion({ sentences }: TextDocument, question: string): Answer {
  const asked = parseSentence(question)
  const answerType = expectedAnswer(asked)
  const space = buildVectorSpace(sentences)
  const best = findEvidence(sentences, asked, answerType, space)
  if (best === undefined || best.score < MIN_CONFIDENCE) {
    return {
      question,
      answerable: false,
      answer: null,
      answer_type: answerType,
      confidence: best?.score ?? 0,
      evidence: null,
    }
  }
  const { sentence, span, index, score } = best
  const text = condense(standalone(sentence.text))
  return {
    question,
    answerable: true,
    answer: span === undefined ? text : textOf(sentence, span),
    answer_type: answerType,
    confidence: Math.min(1, score),
    evidence: { index, text },
  }
}

interface Evidence extends Ranked {
  readonly sentence: Sentence
  /** The words that answer the question. `undefined` when the whole sentence does. */
  readonly span: Span | undefined
}

function findEvidence(
  sentences: readonly Sentence[],
  asked: Sentence,
  answerType: AnswerType,
  space: VectorSpace,
): Evidence | undefined {
  const terms = subjectTerms(asked)
  const implied = impliedTerms(sentences)
  const evidence: Evidence[] = []
  for (const [index, sentence] of sentences.entries()) {
    const coverage = coverageOf(terms, sentence, implied[index] ?? new Set(), space)
    if (coverage === 0) continue
    const span = answerSpan(sentence, asked, answerType)
    let worth = coverage + (sharesAuxiliary(sentence, asked) ? SHARED_AUXILIARY : 0)
    if (span === undefined) worth *= WITHOUT_SPAN[answerType]
    if (sentence.text.includes('?')) worth *= ASKING
    evidence.push({ index, score: roundScore(worth), sentence, span })
  }
  return evidence.toSorted(byScore).at(0)
}

/** Returns the part of the question that a sentence covers, from 0 to 1. Rare terms weigh more. */
function coverageOf(
  askedTerms: readonly string[],
  sentence: Sentence,
  implied: ReadonlySet<string>,
  space: VectorSpace,
): number {
  let asked = 0
  let covered = 0
  for (const term of new Set(askedTerms)) {
    const weight = space.inverseFrequency(term)
    asked += weight
    if (sentence.terms.includes(term)) covered += weight
    else if (implied.has(term)) covered += weight * IMPLIED_TERM
  }
  return asked === 0 ? 0 : covered / asked
}

function sharesAuxiliary(sentence: Sentence, asked: Sentence): boolean {
  return asked.tokens.some(
    ({ lemma, partOfSpeech }) =>
      partOfSpeech === 'AUX' &&
      lemma !== 'do' &&
      sentence.tokens.some((token) => token.lemma === lemma),
  )
}

function answerSpan(sentence: Sentence, asked: Sentence, type: AnswerType): Span | undefined {
  if (type === 'statement') return undefined
  const byVerb = mainVerbAnswer(sentence, asked, type)
  if (byVerb !== undefined && !repeats(sentence, byVerb, asked)) return byVerb
  const askedTerms = new Set(asked.terms)
  const candidates = candidatesIn(sentence, type)
    // "Jim" does not answer "Who met Jim?".
    .filter((span) => !repeats(sentence, span, asked))
    .map((span, index) => ({ span, index, score: closeness(sentence, span, askedTerms) }))
  return candidates.toSorted(byScore).at(0)?.span
}

/** Returns a higher score for a span that is closer to words of the question. */
function closeness(sentence: Sentence, span: Span, askedTerms: ReadonlySet<string>): number {
  let sum = 0
  for (const [position, token] of sentence.tokens.entries()) {
    if (!askedTerms.has(token.term)) continue
    const distance = Math.max(0, span.start - position, position - span.end + 1)
    sum += 1 / (1 + distance)
  }
  return roundScore(sum)
}
