import { isContentWord, type Sentence } from './document.js'
import type { AnswerType } from './expected-answers.js'
import { nounPhraseAt, nounPhrases, type Span } from './phrases.js'

/**
 * Returns the phrase that answers a question such as "who sold what". Finds the verb of the question in the
 * sentence, and takes the phrase on the side that the question leaves open.
 */
export function mainVerbAnswer(
  sentence: Sentence,
  asked: Sentence,
  type: AnswerType,
): Span | undefined {
  if (type !== 'person' && type !== 'thing') return undefined
  const verb = sharedVerb(sentence, asked)
  if (verb === undefined) return undefined
  const asksForObject = asked.tokens.some(
    ({ lemma, partOfSpeech }) => partOfSpeech === 'AUX' && lemma === 'do',
  )
  if (asksForObject) return objectAfter(sentence, verb, asked)
  return isPassive(sentence, verb) ? doerAfter(sentence, verb) : subjectBefore(sentence, verb)
}

// The model treats "attack" as a noun in questions more often than in statements.
function sharedVerb(sentence: Sentence, asked: Sentence): number | undefined {
  const askedTerms = new Set(asked.terms)
  const verb = sentence.tokens.findIndex(
    ({ term, partOfSpeech }) => partOfSpeech === 'VERB' && askedTerms.has(term),
  )
  return verb === -1 ? undefined : verb
}

// "buy Jim a present": a person whom the question names is not its answer.
function objectAfter(sentence: Sentence, verb: number, asked: Sentence): Span | undefined {
  const first = nounPhraseAt(sentence, verb + 1)
  if (first === undefined || !repeats(sentence, first, asked)) return first
  const second = nounPhraseAt(sentence, first.end)
  return second !== undefined && repeats(sentence, second, asked) ? undefined : second
}

/** Returns whether a span only repeats words of the question. */
export function repeats(sentence: Sentence, { start, end }: Span, asked: Sentence): boolean {
  return sentence.tokens
    .slice(start, end)
    .filter(isContentWord)
    .every(({ term }) => asked.terms.includes(term))
}

function isPassive({ tokens }: Sentence, verb: number): boolean {
  return tokens.slice(Math.max(0, verb - 4), verb).some(({ lemma }) => lemma === 'be')
}

function doerAfter(sentence: Sentence, verb: number): Span | undefined {
  const by = sentence.tokens.findIndex(({ lemma }, position) => position > verb && lemma === 'by')
  return by === -1 ? undefined : nounPhraseAt(sentence, by + 1)
}

function subjectBefore(sentence: Sentence, verb: number): Span | undefined {
  return nounPhrases(sentence).findLast(
    ({ end }) =>
      end <= verb &&
      sentence.tokens
        .slice(end, verb)
        .every(({ partOfSpeech }) => partOfSpeech === 'ADV' || partOfSpeech === 'AUX'),
  )
}
