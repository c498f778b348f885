import type { Sentence } from './document.js'
import type { AnswerType } from './expected-answers.js'
import { nounPhraseAt, nounPhrases, type Span, textOf } from './phrases.js'

const ENTITY_TYPES: Partial<Record<AnswerType, readonly string[]>> = {
  time: ['DATE', 'TIME'],
  duration: ['DURATION'],
  money: ['MONEY'],
  number: ['CARDINAL', 'PERCENT'],
}

/** Returns the parts of a sentence that have the expected type. */
export function candidatesIn(sentence: Sentence, type: AnswerType): Span[] {
  const entityTypes = ENTITY_TYPES[type]
  if (entityTypes !== undefined) {
    return sentence.entities
      .filter((entity) => entityTypes.includes(entity.type))
      .map((entity) => (entity.type === 'MONEY' ? withCents(sentence, entity) : entity))
  }
  if (type === 'person') return phrasesWith(sentence, sentence.people)
  return type === 'place' ? phrasesWith(sentence, sentence.places) : []
}

function phrasesWith(sentence: Sentence, names: readonly string[]): Span[] {
  return nounPhrases(sentence).filter((phrase) => {
    const text = textOf(sentence, phrase)
    return names.some((name) => text.includes(name))
  })
}

// The model ends "One dollar and eighty-seven cents" after "dollar".
function withCents(sentence: Sentence, { start, end }: Span): Span {
  const { tokens } = sentence
  if (tokens[end]?.lemma !== 'and') return { start, end }
  const cents = nounPhraseAt(sentence, end + 1)
  const isCents = cents !== undefined && tokens[cents.end - 1]?.lemma === 'cent'
  return isCents ? { start, end: cents.end } : { start, end }
}
