import { renderAnswer } from './answers.js'
import { watchStatus } from './status.js'

const element = (id) => document.getElementById(id)

const SUGGESTED_QUESTIONS = {
  'day-of-infamy': 'Who attacked the United States?',
  'declaration-of-independence': 'When was the Declaration made?',
  'gift-of-the-magi': 'How much money did Della have?',
}

const refreshStatus = watchStatus()

element('sample').addEventListener('change', () => void loadSample())
element('operation').addEventListener('change', showQuestionField)
element('request').addEventListener('submit', (event) => {
  event.preventDefault()
  void ask()
})
showQuestionField()

async function loadSample() {
  const name = element('sample').value
  if (name === '') return
  const response = await fetch(`samples/${name}.txt`)
  if (!response.ok) {
    showProblem('The sample could not be loaded.')
    return
  }
  element('text').value = await response.text()
  element('question').value = SUGGESTED_QUESTIONS[name]
}

function showQuestionField() {
  const asks = element('operation').value === 'qa'
  element('question-field').hidden = !asks
  element('question').required = asks
}

async function ask() {
  const operation = element('operation').value
  const body = { text: element('text').value, operation }
  if (operation === 'qa') body.question = element('question').value
  element('outcome').setAttribute('aria-busy', 'true')
  try {
    const sentAt = performance.now()
    const response = await fetch('process', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    const answer = await response.json()
    const roundTrip = performance.now() - sentAt
    if (response.ok) showAnswer(operation, answer, roundTrip)
    else showProblem(answer.error.message)
  } catch {
    showProblem('The service does not answer.')
  } finally {
    element('outcome').removeAttribute('aria-busy')
  }
  await refreshStatus()
}

function showAnswer(operation, { result, cache }, roundTrip) {
  element('problem').hidden = true
  element('facts').hidden = false
  element('key-details').hidden = false
  const badge = element('badge')
  badge.textContent = cache.status.toUpperCase()
  badge.dataset.status = cache.status
  const age = cache.status === 'hit' ? `, stored ${describeAge(cache.ageMs)}` : ''
  element('timing').textContent =
    `${formatDuration(cache.durationMs)} in the server, ${formatDuration(roundTrip)} in all${age}`
  element('key').textContent = cache.key
  element('answer').replaceChildren(...renderAnswer(operation, result))
}

function showProblem(message) {
  element('facts').hidden = true
  element('key-details').hidden = true
  element('answer').replaceChildren()
  element('problem').textContent = message
  element('problem').hidden = false
}

function formatDuration(milliseconds) {
  return `${milliseconds.toFixed(milliseconds < 10 ? 2 : 0)} ms`
}

function describeAge(milliseconds) {
  const seconds = Math.round(milliseconds / 1000)
  if (seconds === 0) return 'just now'
  if (seconds < 60) return `${seconds} s ago`
  return seconds < 3600
    ? `${Math.round(seconds / 60)} min ago`
    : `${Math.round(seconds / 3600)} h ago`
}
