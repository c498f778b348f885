import type { ItemEntity, ItemToken } from 'wink-nlp'
import { namesIn } from './names.js'
import { splitIntoSentences } from './sentences.js'
import { factsOf, readText, startText, type TokenFacts, typeOf } from './wink.js'

export interface Token extends TokenFacts {
  /** The common form of related words: `sell` for "sold", "selling" and "sell". */
  readonly term: string
}

/** A date, a time, a duration, an amount of money or a number. */
export interface Entity {
  readonly type: string
  readonly text: string
  /** The index of its first token in the sentence. `end` is the index after its last token. */
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
  /** The terms of the content words in the sentence. */
  readonly terms: readonly string[]
  readonly wordCount: number
  /** Whether the sentence or a part of it is direct speech. */
  readonly isSpeech: boolean
}

/** A text, parsed once for every operation. */
export interface TextDocument {
  readonly sentences: readonly Sentence[]
}

/** Each sentence is compared with all others, so the work grows with the square of their number. */
const MAX_SENTENCES = 2000

/** Parses the first 2,000 sentences of a text. */
export function parseDocument(text: string): TextDocument {
  startText()
  const sentences: Sentence[] = []
  // A blank line ends a paragraph. Any other line break only wraps a line.
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

/** Parses a single sentence, such as a question. */
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

// A stem is common to "declare" and "declaration". Only a lemma is common to "sold" and "sell".
function termOf({ stem, lemma }: TokenFacts): string {
  return lemma.startsWith(stem.slice(0, 3)) ? stem : lemma
}
