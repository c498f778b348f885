import type { ItemEntity, ItemToken } from 'wink-nlp'
import { namesIn } from './names.js'
import { splitIntoSentences } from './sentences.js'
import { factsOf, readText, startText, type TokenFacts, typeOf } from './wink.js'

export interface Token extends TokenFacts {
  /** What other forms of the word share with it: "sold", "selling" and "sell" are all `sell`. */
  readonly term: string
}

/** A date, a time, a duration, an amount of money, a number. */
export interface Entity {
  readonly type: string
  readonly text: string
  /** Where it begins in the tokens of its sentence, and the token after its last one. */
  readonly start: number
  readonly end: number
}

export interface Sentence {
  readonly index: number
  readonly paragraph: number
  readonly text: string
  readonly tokens: readonly Token[]
  readonly entities: readonly Entity[]
  readonly people: readonly string[]
  readonly places: readonly string[]
  /** The terms of its content words. */
  readonly terms: readonly string[]
  readonly wordCount: number
  /** Whether somebody in the text says it, or part of it. */
  readonly isSpeech: boolean
}

/** A text, parsed once for whatever is asked about it. */
export interface TextDocument {
  readonly sentences: readonly Sentence[]
}

/** Sentences are compared with each other, so their number counts by its square. */
const MAX_SENTENCES = 2000

/** Parses a text of up to 2,000 sentences; what comes after them is left out. */
export function parseDocument(text: string): TextDocument {
  startText()
  const sentences: Sentence[] = []
  // A blank line ends a paragraph; any other line break is only where the line was wrapped.
  for (const [paragraph, block] of text.split(/\r?\n\s*\n/u).entries()) {
    let speechIsOpen = false
    for (const sentence of splitIntoSentences(block.replace(/\s+/gu, ' ').trim())) {
      if (sentences.length === MAX_SENTENCES) return { sentences }
      const quotationMarks = sentence.match(/["“”]/gu)?.length ?? 0
      const isSpeech = speechIsOpen || quotationMarks > 0
      if (quotationMarks % 2 === 1) speechIsOpen = !speechIsOpen
      sentences.push({ ...parseSentence(sentence), index: sentences.length, paragraph, isSpeech })
    }
  }
  return { sentences }
}

/** Parses a sentence that stands by itself, such as a question. */
export function parseSentence(text: string): Sentence {
  const parsed = readText(text)
  const tokens: Token[] = []
  parsed.tokens().each((item: ItemToken) => {
    const facts = factsOf(item)
    tokens.push({ ...facts, term: termOf(facts) })
  })
  const entities: Entity[] = []
  parsed.entities().each((item: ItemEntity) => {
    const parts = item.tokens()
    const start = parts.itemAt(0).index()
    entities.push({ type: typeOf(item), text: item.out(), start, end: start + parts.length() })
  })
  return {
    index: 0,
    paragraph: 0,
    text,
    tokens,
    entities,
    ...namesIn(text),
    terms: tokens.filter(isContentWord).map((token) => token.term),
    wordCount: tokens.filter(isWord).length,
    isSpeech: false,
  }
}

function isWord(token: Token): boolean {
  return /[\p{L}\p{N}]/u.test(token.text)
}

export function isContentWord(token: Token): boolean {
  return isWord(token) && !token.isStopWord && token.partOfSpeech !== 'AUX'
}

// A stem joins "declare" with "declaration" but not "sold" with "sell", which only a lemma does.
function termOf({ stem, lemma }: TokenFacts): string {
  return lemma.startsWith(stem.slice(0, 3)) ? stem : lemma
}
