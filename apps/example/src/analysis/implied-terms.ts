import type { Sentence } from './document.js'

/** Sentences of fewer words have too little content of their own. */
const SHORT_SENTENCE = 6

/**
 * Returns the terms that each sentence implies. These are the people that its "she" or "he" may refer to. A
 * short sentence, such as a date line, also implies the terms of its neighbours.
 */
export function impliedTerms(sentences: readonly Sentence[]): ReadonlyArray<ReadonlySet<string>> {
  let named: readonly string[] = []
  return sentences.map(({ tokens, people, wordCount }, index) => {
    const refersBack = tokens.some(({ text }) => /^(?:he|she|him|her|his)$/iu.test(text))
    const terms = new Set(refersBack ? named : [])
    if (wordCount < SHORT_SENTENCE) {
      for (const term of sentences[index - 1]?.terms ?? []) terms.add(term)
      for (const term of sentences[index + 1]?.terms ?? []) terms.add(term)
    }
    if (people.length > 0) {
      const names = new Set(people.join(' ').split(' '))
      named = tokens.filter(({ text }) => names.has(text)).map(({ term }) => term)
    }
    return terms
  })
}
