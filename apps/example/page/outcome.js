// The panel with the answer: the request, its duration, and the time that the cache saved.

import { renderAnswer, renderWords } from './answers.js'
import { describeAge, describeHit, describeSaving, formatDuration } from './durations.js'

const ELAPSED_EVERY_MS = 100
const EXCERPT_LENGTH = 80
const BEFORE_FIRST = 'Pick a sample, or paste a text, and press Analyse.'

const STATUS_NAMES = { hit: 'HIT', stale: 'STALE', miss: 'MISS', joined: 'JOINED' }

/** The parts of the panel that only some answers have. */
const PARTS = ['problem', 'pending', 'facts', 'details', 'about', 'copies', 'snippet']

const element = (id) => document.getElementById(id)
let elapsedTimer

clearAnswer(BEFORE_FIRST)

/** Shows that the answer to a request is pending. Removes the answer to an older request. */
export function showPending(request) {
  clear()
  describeRequest(request)
  const outcome = element('outcome')
  outcome.setAttribute('aria-busy', 'true')
  element('pending').hidden = false
  const startedAt = performance.now()
  element('elapsed').textContent = ''
  elapsedTimer = setInterval(() => {
    const seconds = (performance.now() - startedAt) / 1000
    if (seconds >= 0.5) element('elapsed').textContent = `${seconds.toFixed(1)} s`
  }, ELAPSED_EVERY_MS)
  announce(`Analysing: ${nameOf('operation', request.operation)}.`)
}

/** Shows the words of a model while they arrive. */
export function showWords(words) {
  element('pending').hidden = words !== ''
  element('answer').replaceChildren(renderWords(words))
}

/** Shows an answer: the `result` of an analysis, or the `words` of a model. */
export function showAnswer(request, { result, words, cache }, roundTripMs) {
  clear()
  describeRequest(request)
  const badge = element('badge')
  badge.textContent = STATUS_NAMES[cache.status] ?? cache.status
  badge.dataset.status = cache.status
  element('saved').textContent = describeSaving(cache)
  element('timing').textContent = describeTiming(cache)
  element('facts').hidden = false
  element('key').textContent = cache.key
  element('times').textContent =
    `${formatDuration(roundTripMs)} from the press to the answer, ` +
    `${formatDuration(cache.durationMs)} of them in the service.`
  element('details').hidden = false
  element('copies').hidden = false
  element('answer').replaceChildren(
    ...(words === undefined ? renderAnswer(request, result) : [renderWords(words)]),
  )
  const headline = element('answer').querySelector('.headline')?.textContent ?? ''
  announce(
    `${nameOf('operation', request.operation)} answered. ${badge.textContent}. ` +
      `${element('timing').textContent} ${headline}`,
  )
}

/** Shows why there is no answer, and marks the field that caused it. */
export function showProblem({ message, field }) {
  clearAnswer('No answer.')
  element('problem').textContent = message
  element('problem').hidden = false
  if (field === undefined) return
  const control = element(field)
  control.setAttribute('aria-invalid', 'true')
  control.setAttribute('aria-describedby', 'problem')
  control.focus()
}

/** Shows a sentence in place of an answer. */
export function clearAnswer(sentence) {
  clear()
  const paragraph = document.createElement('p')
  paragraph.className = 'quiet'
  paragraph.textContent = sentence
  element('answer').replaceChildren(paragraph)
  announce(sentence)
}

/** @returns {Array<string | Node>} the operation, the question and the text of a request */
export function requestLabel({ sample, text, operation, question }) {
  const about = isolated(sample === '' ? `“${excerptOf(text)}”` : nameOf('sample', sample))
  const name = nameOf('operation', operation)
  return operation === 'qa'
    ? [`${name} · `, isolated(question), ' · ', about]
    : [`${name} · `, about]
}

/** @returns {HTMLElement} words of the user within words of the page, with their own direction */
function isolated(words) {
  const made = document.createElement('bdi')
  made.dir = 'auto'
  made.textContent = words
  return made
}

function clear() {
  clearInterval(elapsedTimer)
  element('outcome').removeAttribute('aria-busy')
  for (const id of PARTS) element(id).hidden = true
  element('problem').textContent = ''
  element('copied').textContent = ''
  element('answer').replaceChildren()
  for (const field of ['text', 'question']) element(field).removeAttribute('aria-invalid')
  element('text').setAttribute('aria-describedby', 'text-length')
  element('question').removeAttribute('aria-describedby')
}

function describeRequest(request) {
  element('about').replaceChildren(...requestLabel(request))
  element('about').hidden = false
  // On a narrow screen the panel is below the form.
  element('about').scrollIntoView({ block: 'nearest' })
}

function describeTiming(cache) {
  const { status, durationMs, computeMs, ageMs } = cache
  if (status === 'hit') return `${describeHit(cache)} Stored ${describeAge(ageMs)}.`
  if (status === 'stale') {
    return `${describeHit(cache)} Its TTL has ended; a new answer is being computed.`
  }
  if (status === 'joined') {
    return `Another request was computing this answer, and shared it after ${formatDuration(durationMs)}.`
  }
  return `Computed in ${formatDuration(computeMs ?? durationMs)} and stored. Ask again for a hit.`
}

function nameOf(control, value) {
  const option = [...element(control).options].find((candidate) => candidate.value === value)
  return option?.textContent ?? value
}

function excerptOf(text) {
  const line = text.trim().replace(/\s+/gu, ' ')
  const characters = [...line.slice(0, 4 * EXCERPT_LENGTH)]
  if (characters.length <= EXCERPT_LENGTH) return line
  return `${characters.slice(0, EXCERPT_LENGTH).join('')}…`
}

// Screen readers announce one sentence. Users can read the whole answer after it.
function announce(sentence) {
  element('announcement').textContent = sentence
}
