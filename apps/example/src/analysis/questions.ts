import { mainClause } from './clauses.js'
import type { Sentence, TextDocument } from './document.js'
import { nounPhrases, textOf } from './phrases.js'
import { type AskedQuestion, questionsAbout } from './question-forms.js'
import { byScore } from './ranking.js'
import { salienceOf } from './salience.js'
import { buildVectorSpace } from './term-vectors.js'

export interface Questions {
  readonly questions: ReadonlyArray<{
    readonly question: string
    /** The words of the text that answer the question. `null` when the whole text does. */
    readonly answer: string | null
    readonly sentence_index: number | null
  }>
}

type Question = Questions['questions'][number]

// A single capitalised word is often only the first word of its sentence.
const NAME_OF_MORE_WORDS = /^(?:the )?\p{Lu}\S* (?:of )?\p{Lu}/u

/** Returns questions that the text answers, first about its most salient sentences. */
export function generateQuestions({ sentences }: TextDocument, count: number): Questions {
  const { vectors } = buildVectorSpace(sentences)
  const salience = salienceOf(sentences, vectors)
  const forms = sentences.map(formsFor)
  const isAmbiguous = ambiguityAmong(forms.flat())
  const timesAsked = new Map<string, number>()
  const questions: Question[] = []
  const ranked = salience.map((score, index) => ({ score, index })).toSorted(byScore)
  for (const { index: sentenceIndex } of ranked) {
    if (questions.length === count) break
    const clear = forms[sentenceIndex]?.filter(({ question }) => !isAmbiguous(question)) ?? []
    const asked = leastUsedForm(clear, timesAsked)
    if (asked === undefined) continue
    timesAsked.set(asked.form, (timesAsked.get(asked.form) ?? 0) + 1)
    const { question, answer } = asked
    questions.push({ question, answer, sentence_index: sentenceIndex })
  }
  questions.push(...questionsAboutTopics(sentences, count - questions.length))
  return { questions }
}

function formsFor(sentence: Sentence): AskedQuestion[] {
  if (sentence.isSpeech || sentence.text.endsWith('?')) return []
  const clause = mainClause(sentence)
  return clause === undefined ? [] : questionsAbout(sentence, clause)
}

/** Returns a check for questions that two sentences answer, differently or twice. */
function ambiguityAmong(asked: readonly AskedQuestion[]): (question: string) => boolean {
  const times = new Map<string, number>()
  for (const { question } of asked) times.set(question, (times.get(question) ?? 0) + 1)
  return (question) => (times.get(question) ?? 0) > 1
}

// Prefers the form with the fewest uses, so that the questions do not all begin with "when".
function leastUsedForm(
  forms: readonly AskedQuestion[],
  timesAsked: ReadonlyMap<string, number>,
): AskedQuestion | undefined {
  const uses = ({ form }: AskedQuestion): number => timesAsked.get(form) ?? 0
  return forms.toSorted((left, right) => uses(left) - uses(right)).at(0)
}

/** Asks about frequent names, for texts with too few plain statements. */
function questionsAboutTopics(sentences: readonly Sentence[], count: number): Question[] {
  const mentions = new Map<string, number>()
  for (const sentence of sentences) {
    for (const phrase of nounPhrases(sentence)) {
      const topic = textOf(sentence, phrase)
      if (NAME_OF_MORE_WORDS.test(topic) || sentence.people.includes(topic)) {
        mentions.set(topic, (mentions.get(topic) ?? 0) + 1)
      }
    }
  }
  return Array.from(mentions, ([topic, score], index) => ({ topic, score, index }))
    .filter(({ score }) => score > 1)
    .toSorted(byScore)
    .slice(0, count)
    .map(({ topic }) => ({
      question: `What does the text say about ${topic}?`,
      answer: null,
      sentence_index: null,
    }))
}
