import type { Sentence, Token } from './document.js'
import { nounPhraseAt, type Span, timeAt } from './phrases.js'

/** The parts of a main clause that a question about it needs. */
export interface Clause {
  readonly subject: Span
  /** The auxiliary, such as "was", "has" or "will". Absent in "the magi brought". */
  readonly auxiliary: number | undefined
  /** The main verb. Absent in "Jim was late". */
  readonly verb: number | undefined
  /** The auxiliaries, adverbs and the verb between the subject and the rest. */
  readonly predicate: Span
  readonly rest: Span
}

/**
 * Finds the subject and the verb of a plain statement. Returns `undefined` where it would have to guess: for
 * pronoun subjects, negations, and sentences that begin with a subordinate clause.
 */
export function mainClause(sentence: Sentence): Clause | undefined {
  const { tokens } = sentence
  let start = 0
  while (start < tokens.length) {
    const subject = nounPhraseAt(sentence, start)
    if (subject !== undefined) {
      const predicate = predicateAt(tokens, skipComment(tokens, subject.end))
      if (predicate !== undefined)
        return { subject, ...predicate, rest: restOf(sentence, predicate) }
    }
    const next = skipAside(tokens, skipTime(sentence, start))
    if (next === start && !mayPrecedeSubject(tokens[start])) return undefined
    start = next + 1
  }
  return undefined
}

const OPENS_SUBORDINATE =
  /^(?:when|whenever|where|wherever|while|as|if|since|after|before|until|because|although|though|unless|once)$/iu
const TIME_WORD = /^(?:yesterday|today|tomorrow|tonight|last|this|on|in|at|now)$/iu
const DASH = /^(?:—|–|--?)$/u

// Adverbs, dates, commas and asides can precede the subject. After anything else, the first noun is often
// not the subject.
function mayPrecedeSubject(token: Token | undefined): boolean {
  if (token === undefined || OPENS_SUBORDINATE.test(token.text)) return false
  return (
    token.partOfSpeech === 'ADV' ||
    token.text === ',' ||
    DASH.test(token.text) ||
    TIME_WORD.test(token.text)
  )
}

function skipAside(tokens: readonly Token[], position: number): number {
  if (!DASH.test(tokens[position]?.text ?? '')) return position
  const close = tokens.findIndex(({ text }, index) => index > position && DASH.test(text))
  return close === -1 ? position : close
}

function skipTime(sentence: Sentence, position: number): number {
  const time = timeAt(sentence, position)
  return time === undefined ? position : time.end - 1
}

// "Prudence, indeed, will dictate"; "The magi, as you know, were wise men".
function skipComment(tokens: readonly Token[], position: number): number {
  if (tokens[position]?.text !== ',') return position
  const close = tokens.findIndex(({ text }, index) => index > position && text === ',')
  return close === -1 || close > position + 5 ? position : close + 1
}

type Predicate = Pick<Clause, 'auxiliary' | 'verb' | 'predicate'>

function predicateAt(tokens: readonly Token[], start: number): Predicate | undefined {
  let auxiliary: number | undefined
  let verb: number | undefined
  let end = start
  while (verb === undefined) {
    const token = tokens[end]
    if (token?.lemma === 'not') return undefined
    if (token?.partOfSpeech === 'AUX') auxiliary ??= end
    else if (token?.partOfSpeech === 'VERB') verb = end
    else if (token?.partOfSpeech !== 'ADV' && !joinsAdverbs(tokens, end)) break
    end += 1
  }
  if (auxiliary === undefined && (verb === undefined || tokens[verb]?.text.endsWith('ing'))) {
    return undefined
  }
  return { auxiliary, verb, predicate: { start, end } }
}

// "was suddenly and deliberately attacked"
function joinsAdverbs(tokens: readonly Token[], position: number): boolean {
  return (
    tokens[position]?.partOfSpeech === 'CCONJ' &&
    tokens[position - 1]?.partOfSpeech === 'ADV' &&
    tokens[position + 1]?.partOfSpeech === 'ADV'
  )
}

// The rest ends at punctuation or a new clause. A comma inside a date does not end it.
function restOf({ tokens, entities }: Sentence, { predicate }: Predicate): Span {
  let end = predicate.end
  while (end < tokens.length) {
    const token = tokens[end]
    const position = end
    const isInEntity = entities.some((entity) => position > entity.start && position < entity.end)
    if (token?.partOfSpeech === 'PUNCT' && token.text !== '-' && !isInEntity) break
    if (token?.partOfSpeech === 'CCONJ' && startsClause(tokens, end + 1)) break
    if (token?.partOfSpeech === 'SCONJ') break
    end += 1
  }
  return { start: predicate.end, end }
}

function startsClause(tokens: readonly Token[], start: number): boolean {
  const upcoming = tokens.slice(start, start + 5)
  const stop = upcoming.findIndex(
    ({ partOfSpeech, text }) => partOfSpeech === 'PUNCT' && text !== '-',
  )
  return upcoming
    .slice(0, stop === -1 ? undefined : stop)
    .some(({ partOfSpeech }) => ['VERB', 'AUX', 'PRON'].includes(partOfSpeech))
}
