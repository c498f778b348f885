import type { Clause } from './clauses.js'
import type { Sentence } from './document.js'
import { contains, type Span, textOf } from './phrases.js'

/** Adverbs that refer to the previous sentence. */
const TIES_SENTENCES = /^(?:also|therefore|then|indeed|thus|too|however)$/iu

/** Puts the verb before the subject: "Jim drew a package" becomes "did Jim draw a package". */
export function invert(asker: string, sentence: Sentence, clause: Clause, rest: string): string {
  const { tokens } = sentence
  const subject = asMidSentence(sentence, clause.subject)
  const words = tokens
    .slice(clause.predicate.start, clause.predicate.end)
    .map((token, offset) => ({ token, position: clause.predicate.start + offset }))
  const helper =
    clause.auxiliary === undefined ? doFormOf(sentence, clause) : tokens[clause.auxiliary]?.text
  const others = words
    .filter(
      ({ token, position }) => position !== clause.auxiliary && !TIES_SENTENCES.test(token.text),
    )
    .map(({ token, position }) =>
      clause.auxiliary === undefined && position === clause.verb ? token.lemma : token.text,
    )
  return `${[asker, helper, subject, ...others, rest].filter(Boolean).join(' ')}?`
}

function doFormOf({ tokens }: Sentence, { verb, subject }: Clause): string {
  const token = verb === undefined ? undefined : tokens[verb]
  if (token === undefined || token.text === token.lemma) {
    return tokens[subject.end - 1]?.text.endsWith('s') === true ? 'do' : 'did'
  }
  return token.text.endsWith('s') ? 'does' : 'did'
}

// Lowers a capital that only marks the start of the sentence, and keeps that of a name.
export function asMidSentence(sentence: Sentence, span: Span): string {
  const text = textOf(sentence, span)
  const first = sentence.tokens[span.start]
  return first?.partOfSpeech === 'PROPN' ? text : text.charAt(0).toLowerCase() + text.slice(1)
}

/** Returns the text of a span without an inner span and the preposition before it. */
export function withoutSpan(sentence: Sentence, span: Span, removed: Span): string {
  if (!contains(span, removed.start)) return textOf(sentence, span)
  const hasPreposition = sentence.tokens[removed.start - 1]?.partOfSpeech === 'ADP'
  const before = { start: span.start, end: removed.start - (hasPreposition ? 1 : 0) }
  const after = { start: Math.min(removed.end, span.end), end: span.end }
  return `${textOf(sentence, before)} ${textOf(sentence, after)}`.trim()
}
