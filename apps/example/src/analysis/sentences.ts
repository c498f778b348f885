import { readText } from './wink.js'

// Titles whose full stop looks to the model like the end of a sentence.
const ENDS_IN_TITLE = /\b(?:Mme|Mlle|Messrs|Capt|Col|Gen|Gov|Lt|Rev|Hon|Sgt)\.$/u

// An initial that does end a sentence: "a modest and unassuming D. But whenever".
const AFTER_INITIAL = /(?<=\b\p{Lu}\.) (?=(?:And|But|So|Then|Yet)\b)/u

// The time of the models grows with the square of the length of a word or a sentence. Longer ones are cut.
// No prose reaches these limits.
const OVERLONG_WORD = /\S{100}(?=\S)/gu
const LONGEST_SENTENCE = 1500
const PIECES_OF_SENTENCE = /\S(?:.{0,1498}\S)?(?=\s|$)/gsu

/** Splits a paragraph into sentences. Quoted speech stays with its sentence. */
export function splitIntoSentences(paragraph: string): string[] {
  const sentences: string[] = []
  const found = readText(paragraph.replaceAll(OVERLONG_WORD, '$& ')).sentences().out()
  const pieces = found.flatMap((sentence) => sentence.split(AFTER_INITIAL))
  for (const text of pieces.flatMap((piece) => piece.match(PIECES_OF_SENTENCE) ?? [])) {
    const previous = sentences.at(-1)
    if (previous !== undefined && continues(previous, text)) {
      sentences[sentences.length - 1] = `${previous} ${text}`
    } else {
      sentences.push(text)
    }
  }
  return sentences
}

// The model splits `"Will you buy my hair?" asked Della.` into two sentences.
function continues(previous: string, next: string): boolean {
  if (previous.length + next.length >= LONGEST_SENTENCE) return false
  return /^\p{Ll}/u.test(next) || ENDS_IN_TITLE.test(previous)
}

/**
 * Returns a sentence that can be read alone. Removes a quotation mark whose partner is in another sentence.
 */
export function standalone(sentence: string): string {
  const quotes = sentence.match(/"/gu)?.length ?? 0
  if (quotes % 2 === 0) return sentence
  if (sentence.endsWith('"')) return sentence.slice(0, -1)
  return sentence.replace('"', '')
}

const LONG_SENTENCE = 45
const SHORT_CLAUSE = 12

/** Cuts a very long sentence at the semicolon that ends its first full clause. */
export function condense(sentence: string): string {
  const words = sentence.split(' ')
  if (words.length <= LONG_SENTENCE) return sentence
  const end = words.findIndex((word, index) => index >= SHORT_CLAUSE && word.endsWith(';'))
  return end === -1
    ? sentence
    : `${words
        .slice(0, end + 1)
        .join(' ')
        .slice(0, -1)}.`
}
