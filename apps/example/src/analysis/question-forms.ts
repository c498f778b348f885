import type { Clause } from './clauses.js'
import type { Entity, Sentence } from './document.js'
import { contains, nounPhraseAt, textOf } from './phrases.js'
import { asMidSentence, invert, withoutSpan } from './word-order.js'

export interface AskedQuestion {
  readonly form: 'when' | 'where' | 'why' | 'who' | 'what'
  readonly question: string
  readonly answer: string
}

const MIN_WORDS = 4
const MAX_WORDS = 24

/** Returns every question that a clause answers. */
export function questionsAbout(sentence: Sentence, clause: Clause): AskedQuestion[] {
  return [
    askWhen(sentence, clause),
    askWhere(sentence, clause),
    askWhy(sentence, clause),
    askWho(sentence, clause),
    askWhat(sentence, clause),
    askByWhat(sentence, clause),
    askThatWhat(sentence, clause),
    askWhatIs(sentence, clause),
  ].filter((asked): asked is AskedQuestion => asked !== undefined && isReadable(asked.question))
}

function isReadable(question: string): boolean {
  const words = question.split(' ').length
  return words >= MIN_WORDS && words <= MAX_WORDS
}

function askWhen(sentence: Sentence, clause: Clause): AskedQuestion | undefined {
  const times = sentence.entities.filter(isDefiniteTime)
  const date = times.find(({ text }) => /\d/u.test(text)) ?? times[0]
  if (date === undefined || contains(clause.subject, date.start)) return undefined
  const rest = withoutSpan(sentence, clause.rest, date)
  return { form: 'when', question: invert('When', sentence, clause, rest), answer: date.text }
}

// "days" and "week" are durations, "fall" is most often a verb, and "today" depends on the date of the text.
function isDefiniteTime({ type, text }: Entity): boolean {
  return (
    (type === 'DATE' && /\d|day$|night/iu.test(text)) || (type === 'TIME' && text.includes(' '))
  )
}

function askWhere(sentence: Sentence, clause: Clause): AskedQuestion | undefined {
  for (let position = clause.rest.start; position < clause.rest.end; position++) {
    if (!/^(?:in|at|near|on)$/iu.test(sentence.tokens[position]?.text ?? '')) continue
    const place = nounPhraseAt(sentence, position + 1)
    if (
      place === undefined ||
      !sentence.places.some((name) => textOf(sentence, place).includes(name))
    ) {
      continue
    }
    const rest = withoutSpan(sentence, clause.rest, place)
    const question = invert('Where', sentence, clause, rest)
    return { form: 'where', question, answer: textOf(sentence, place) }
  }
  return undefined
}

function askWhy(sentence: Sentence, clause: Clause): AskedQuestion | undefined {
  const because = sentence.tokens.findIndex(({ lemma }) => lemma === 'because')
  if (because < clause.rest.start) return undefined
  const rest = textOf(sentence, { ...clause.rest, end: Math.min(clause.rest.end, because) })
  const reason = textOf(sentence, { start: because, end: sentence.tokens.length })
  const question = invert('Why', sentence, clause, rest)
  return { form: 'why', question, answer: reason.replace(/[.!?]+$/u, '') }
}

function askWho(sentence: Sentence, clause: Clause): AskedQuestion | undefined {
  const subject = textOf(sentence, clause.subject)
  if (!sentence.people.some((name) => name === subject)) return undefined
  const predicate = textOf(sentence, { start: clause.predicate.start, end: clause.rest.end })
  return { form: 'who', question: `Who ${predicate}?`, answer: subject }
}

function askWhat(sentence: Sentence, clause: Clause): AskedQuestion | undefined {
  if (clause.verb === undefined || isPassive(sentence, clause)) return undefined
  const object = nounPhraseAt(sentence, clause.rest.start)
  if (object === undefined || object.end > clause.rest.end) return undefined
  const answer = textOf(sentence, object)
  const word = sentence.people.includes(answer) ? 'Whom' : 'What'
  const rest = textOf(sentence, { start: object.end, end: clause.rest.end })
  return { form: 'what', question: invert(word, sentence, clause, rest), answer }
}

/** Asks for the agent of a passive, as in "Petitions have been answered by injury". */
function askByWhat(sentence: Sentence, clause: Clause): AskedQuestion | undefined {
  if (clause.verb === undefined || !isPassive(sentence, clause)) return undefined
  for (let position = clause.rest.start; position < clause.rest.end; position++) {
    const doer = nounPhraseAt(sentence, position + 1)
    if (sentence.tokens[position]?.lemma !== 'by' || doer === undefined) continue
    const rest = textOf(sentence, { start: clause.rest.start, end: position + 1 })
    const question = invert('What', sentence, clause, rest)
    const answer = textOf(sentence, { start: doer.start, end: clause.rest.end })
    return { form: 'what', question, answer }
  }
  return undefined
}

/** Asks for an object that is a clause, as in "Prudence will dictate that ...". */
function askThatWhat(sentence: Sentence, clause: Clause): AskedQuestion | undefined {
  const { start, end } = clause.rest
  if (clause.verb === undefined || start !== end) return undefined
  if (sentence.tokens[start]?.lemma !== 'that') return undefined
  const stop = sentence.tokens.findIndex(({ text }, index) => index > start && /[;:.]/u.test(text))
  const answer = textOf(sentence, { start, end: stop === -1 ? sentence.tokens.length : stop })
  return { form: 'what', question: invert('What', sentence, clause, ''), answer }
}

function askWhatIs(sentence: Sentence, clause: Clause): AskedQuestion | undefined {
  const { auxiliary, verb, subject, rest } = clause
  if (auxiliary === undefined || verb !== undefined || subject.end - subject.start < 3)
    return undefined
  if (sentence.tokens[auxiliary]?.lemma !== 'be') return undefined
  const complement = nounPhraseAt(sentence, rest.start)
  if (complement === undefined || sentence.tokens[rest.start]?.partOfSpeech !== 'DET')
    return undefined
  const question = `What ${sentence.tokens[auxiliary].text} ${asMidSentence(sentence, subject)}?`
  return { form: 'what', question, answer: textOf(sentence, rest) }
}

function isPassive({ tokens }: Sentence, { auxiliary }: Clause): boolean {
  return auxiliary !== undefined && tokens[auxiliary]?.lemma === 'be'
}
