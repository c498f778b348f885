import { readText } from './wink.js'

// Titles whose full stop the model takes for the end of a sentence.
const ENDS_IN_TITLE = /\b(?:Mme|Mlle|Messrs|Capt|Col|Gen|Gov|Lt|Rev|Hon|Sgt)\.$/u

// ... and an initial that does end one: "a modest and unassuming D. But whenever".
const AFTER_INITIAL = /(?<=\b\p{Lu}\.) (?=(?:And|But|So|Then|Yet)\b)/u

// The models take time by the square of the length of a word or a sentence. No prose comes near
// these bounds; what goes beyond them is cut.
const OVERLONG_WORD = /\S{100}(?=\S)/gu
const LONGEST_SENTENCE = 1500
const PIECES_OF_SENTENCE = /\S(?:.{0,1498}\S)?(?=\s|$)/gsu

/** Splits a paragraph; what belongs to one sentence stays together. */
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

// `"Will you buy my hair?" asked Della.` comes from the model as two sentences.
function continues(previous: string, next: string): boolean {
  if (previous.length + next.length >= LONGEST_SENTENCE) return false
  return /^\p{Ll}/u.test(next) || ENDS_IN_TITLE.test(previous)
}

/**
 * Makes a sentence fit to stand alone: when the speech it opens or closes goes on in its
 * neighbours, the quotation mark without a partner is dropped.
 */
export function standalone(sentence: string): string {
  const quotes = sentence.match(/"/gu)?.length ?? 0
  if (quotes % 2 === 0) return sentence
  if (sentence.endsWith('"')) return sentence.slice(0, -1)
  return sentence.replace('"', '')
}

const LONG_SENTENCE = 45
const SHORT_CLAUSE = 12

/** Cuts an overlong sentence where its first full clause ends, if a semicolon says where that is. */
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
