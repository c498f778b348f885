// Messages for the person at the form. The messages of the service are for programs.

import { MAX_QUESTION_LENGTH, MAX_TEXT_LENGTH } from './request-form.js'

export const UNREACHABLE = {
  message: 'The service does not answer. Check that it is running, then press Analyse again.',
}

const TRY_AGAIN = 'Wait a moment, then press Analyse again.'

const MESSAGES = {
  BODY_TOO_LARGE: 'The text is too long for the service. Shorten it.',
  BUSY: `Many texts are being analysed right now. ${TRY_AGAIN}`,
  INTERNAL_ERROR: `The service failed at this text. Nothing was stored. ${TRY_AGAIN}`,
  MODEL_FAILED: `The model did not answer. Nothing was stored. ${TRY_AGAIN}`,
  NOT_CACHED: 'The cache has no fresh answer to this request. Press Analyse first.',
  SHUTTING_DOWN: `The service is restarting. ${TRY_AGAIN}`,
  TIMEOUT: 'The analysis took too long and was stopped. Try a shorter text.',
  UNAUTHENTICATED: 'You are not signed in. Sign in, then reload this page.',
}

/** @returns {{ message: string, field?: string } | undefined} why a request cannot be sent */
export function problemIn({ text, operation, question }) {
  const inText = problemInWords('text', text, MAX_TEXT_LENGTH)
  if (inText !== undefined || operation !== 'qa') return inText
  return problemInWords('question', question, MAX_QUESTION_LENGTH)
}

/** @returns {{ message: string, field?: string }} why the service did not respond */
export function problemOf(status, body) {
  const { code, field } = body?.error ?? {}
  if (Object.hasOwn(MESSAGES, code ?? '')) return { message: MESSAGES[code] }
  if (field === 'text' || field === 'question') {
    return { message: `The service cannot read this ${field}. Change it and try again.`, field }
  }
  if (status === 401 || status === 403) return { message: MESSAGES.UNAUTHENTICATED }
  if (status === 429 || status === 503) return { message: MESSAGES.BUSY }
  if (status >= 500) return { message: `The service is out of order. ${TRY_AGAIN}` }
  if (status >= 400) {
    return { message: 'The service has changed since you opened this page. Reload the page.' }
  }
  return { message: `The answer did not arrive whole. ${TRY_AGAIN}` }
}

function problemInWords(field, value, maxLength) {
  const message = wrongWith(field, value, maxLength)
  return message === undefined ? undefined : { message, field }
}

function wrongWith(field, value, maxLength) {
  if (value.trim() === '') {
    return field === 'text'
      ? 'There is no text yet. Pick a sample, or type or paste a text.'
      : 'There is no question yet. Type one.'
  }
  if (!/[\p{L}\p{N}]/u.test(value)) {
    return `The ${field} has no words, only signs or emoji. Add at least one word or number.`
  }
  if (value.length > maxLength) {
    const [length, limit] = [value.length, maxLength].map((number) => number.toLocaleString('en'))
    return `The ${field} has ${length} characters, and at most ${limit} are possible. Shorten it.`
  }
  // A text that was cut in the middle may end with half an emoji.
  if (value.isWellFormed?.() === false) {
    return `The ${field} holds a broken character, such as half an emoji. Remove it.`
  }
  return undefined
}
