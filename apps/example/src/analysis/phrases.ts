import type { Entity, Sentence, Token } from './document.js'

/** A part of a sentence, from its first token to the one after its last. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** Returns the text of a span. */
export function textOf({ tokens }: Sentence, { start, end }: Span): string {
  return tokens
    .slice(start, end)
    .map((token) => token.before + token.text)
    .join('')
    .trim()
}

/** Returns the noun phrases of a sentence in order, such as "the Empire of Japan" or "her old brown hat". */
export function nounPhrases(sentence: Sentence): Span[] {
  const phrases: Span[] = []
  let position = 0
  while (position < sentence.tokens.length) {
    const phrase = nounPhraseAt(sentence, position)
    if (phrase !== undefined) phrases.push(phrase)
    position = phrase?.end ?? position + 1
  }
  return phrases
}

/** Returns the noun phrase that begins at a token, with phrases that follow it after "of" or "'s". */
export function nounPhraseAt(sentence: Sentence, start: number): Span | undefined {
  let end = endOfSimplePhrase(sentence, start)
  if (end === undefined) return undefined
  while (isJoint(sentence.tokens[end])) {
    const next = endOfSimplePhrase(sentence, end + 1)
    if (next === undefined) break
    end = next
  }
  return { start, end }
}

function endOfSimplePhrase(sentence: Sentence, start: number): number | undefined {
  const { tokens } = sentence
  const firstWord = opensNounPhrase(tokens[start]) ? start + 1 : start
  let end = firstWord
  while (isInNounPhrase(sentence, end)) end += 1
  return end > firstWord && isNoun(tokens[end - 1]) ? end : undefined
}

function isJoint(token: Token | undefined): boolean {
  return token?.lemma === 'of' || token?.text === "'s"
}

function opensNounPhrase(token: Token | undefined): boolean {
  return token?.partOfSpeech === 'DET' || isPossessive(token)
}

function isPossessive(token: Token | undefined): boolean {
  return /^(?:my|your|his|her|its|our|their)$/iu.test(token?.text ?? '')
}

// A time ends a phrase: "Last night Japanese forces" is a time and a noun phrase.
function isInNounPhrase(sentence: Sentence, position: number): boolean {
  const token = sentence.tokens[position]
  if (token === undefined || timeAt(sentence, position) !== undefined) return false
  return isNoun(token) || isModifier(token) || joinsModifiers(sentence, position)
}

function isModifier(token: Token | undefined): boolean {
  return token?.partOfSpeech === 'ADJ' || token?.partOfSpeech === 'NUM'
}

// "naval and air forces"
function joinsModifiers({ tokens }: Sentence, position: number): boolean {
  const next = tokens[position + 1]
  return (
    tokens[position]?.partOfSpeech === 'CCONJ' &&
    isModifier(tokens[position - 1]) &&
    (isModifier(next) || isNoun(next))
  )
}

function isNoun(token: Token | undefined): boolean {
  return token?.partOfSpeech === 'NOUN' || token?.partOfSpeech === 'PROPN'
}

/** Returns the date or time that contains a token. */
export function timeAt({ entities }: Sentence, position: number): Entity | undefined {
  return entities.find(
    (entity) => (entity.type === 'DATE' || entity.type === 'TIME') && contains(entity, position),
  )
}

export function contains({ start, end }: Span, position: number): boolean {
  return position >= start && position < end
}
