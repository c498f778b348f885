import type { Sentence } from './document.js'

/** The kind of words that answer a question. */
export type AnswerType =
  | 'person'
  | 'place'
  | 'time'
  | 'duration'
  | 'money'
  | 'number'
  | 'thing'
  | 'statement'

// Words that name the kind of answer. The sentence with the answer often lacks them.
const ASKERS = /^(?:who|whom|whose|where|when|how|what|which|why)$/u
const TIME_WORDS = /^(?:day|date|year|month|time)$/u
const PLACE_WORDS = /^(?:place|city|country|town)$/u
const MONEY_WORDS = /^(?:money|price|cost|amount)$/u
const MEASURES = /^(?:long|old|many|much)$/u
// Every sentence can answer what "happened".
const GENERIC_VERBS = /^(?:happen(?:ed)?|occur(?:red)?|take|took|say|said|tell|told)$/u

const HARDLY_TELLING = [TIME_WORDS, PLACE_WORDS, MONEY_WORDS, MEASURES, GENERIC_VERBS]

/** Returns the kind of answer that a question asks for, by its words. */
export function expectedAnswer(question: Sentence): AnswerType {
  const words = question.tokens.map(({ text }) => text.toLowerCase())
  const asker = words.findIndex((word) => ASKERS.test(word))
  switch (words[asker] ?? '') {
    case 'who':
    case 'whom':
    case 'whose':
      // "Who is the CEO?" asks for a description. A name in the sentence is not one.
      return question.tokens.some(({ partOfSpeech }) => partOfSpeech === 'VERB')
        ? 'person'
        : 'statement'
    case 'where':
      return 'place'
    case 'when':
      return 'time'
    case 'how':
      return measureAsked(words[asker + 1] ?? '')
    case 'what':
    case 'which':
      return kindAsked(words.slice(asker + 1))
    default:
      return 'statement'
  }
}

/** Returns the terms of a question that its answer should contain. */
export function subjectTerms(question: Sentence): string[] {
  const named = new Set(
    question.tokens
      .filter(({ text }) => HARDLY_TELLING.some((kind) => kind.test(text)))
      .map(({ term }) => term),
  )
  return question.terms.filter((term) => !named.has(term))
}

function measureAsked(word: string): AnswerType {
  if (word === 'long') return 'duration'
  if (word === 'much') return 'money'
  return word === 'old' || word === 'many' ? 'number' : 'statement'
}

function kindAsked(words: readonly string[]): AnswerType {
  const next = words[0] ?? ''
  if (TIME_WORDS.test(next)) return 'time'
  if (PLACE_WORDS.test(next) || next === 'island') return 'place'
  return words.some((word) => MONEY_WORDS.test(word)) ? 'money' : 'thing'
}
