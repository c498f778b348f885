import { sendBurst } from './burst.js'
import { offerCopies } from './copies.js'
import { explainButtons, loadExperiments, say } from './experiments.js'
import { clearAnswer, showAnswer, showPending, showProblem, showWords } from './outcome.js'
import { problemIn } from './problems.js'
import * as requestForm from './request-form.js'
import { addressFor, sendForm } from './send.js'
import { watchStatus } from './status.js'
import { listVisit } from './visit.js'

const SAVE_AFTER_MS = 300
/** The time after its end during which an answer is served by "Serve stale". */
const STALE_SECONDS = 60

const element = (id) => document.getElementById(id)
const button = element('analyse')

/** The newest request until its answer arrives: `{ request, controller }`. */
let pending
/** The newest request that was sent and not cancelled. */
let lastAsked
/** The request whose answer is shown. */
let lastAnswered
/** True for a request that ended because the user left the page. */
let wasInterrupted = false
let sampleLoad = { controller: new AbortController(), done: Promise.resolve(true) }
let saveTimer
let returnsFocus = false

const refreshStatus = watchStatus()
const experiments = loadExperiments({ formBody, refreshStatus })
explainButtons()
offerCopies(async () => ({ address: addressFor(await experiments), body: bodyOf(lastAnswered) }))
const addToVisit = listVisit((request) => {
  sampleLoad.controller.abort()
  requestForm.write(request.sample === '' ? { ...request, ownText: request.text } : request)
  changed()
  void ask()
})

element('request').addEventListener('submit', (event) => {
  event.preventDefault()
  void ask()
})
element('request').addEventListener('input', changed)
element('text').addEventListener('input', () => {
  sampleLoad.controller.abort()
  requestForm.treatAsOwnText()
})
element('sample').addEventListener('change', () => {
  loadSample(requestForm.read().question)
})
element('cancel').addEventListener('click', cancel)
element('again').addEventListener('click', () => void ask())
element('burst').addEventListener('click', () => void burst())
element('stale').addEventListener('click', () => void serveStale())
document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && pending !== undefined) cancel()
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && !event.repeat) {
    event.preventDefault()
    void ask()
  }
})
addEventListener('hashchange', restore)
addEventListener('pagehide', () => {
  save()
  wasInterrupted = pending !== undefined
  stop()
})
addEventListener('pageshow', ({ persisted }) => {
  // The browser's cache of pages restores the form and the answer, but not a running request.
  if (!persisted) return
  changed()
  if (wasInterrupted) void ask()
})
restore()

/** Fills the form with its fields before a reload, or with those in the address. */
function restore() {
  const { isAsked, ...form } = requestForm.load()
  requestForm.write(form)
  if (form.sample !== '') loadSample(form.question)
  setButton()
  if (isAsked) void ask()
}

/** Fills in the text of the chosen sample. Ignores the result of an older load. */
function loadSample(question) {
  sampleLoad.controller.abort()
  const controller = new AbortController()
  sampleLoad = { controller, done: fillInSample(question, controller.signal) }
}

/** @returns {Promise<boolean>} false when the text could not be loaded */
async function fillInSample(question, signal) {
  const { sample } = requestForm.read()
  if (sample === '') {
    requestForm.writeOwnText()
    changed()
    return true
  }
  try {
    const response = await fetch(`samples/${sample}.txt`, { signal })
    if (!response.ok) throw new Error(`status ${response.status}`)
    const text = await response.text()
    if (signal.aborted) return true
    requestForm.write({ text, question: requestForm.questionFor(sample, question) })
    changed()
    return true
  } catch {
    if (signal.aborted) return true
    stop()
    requestForm.writeOwnText()
    changed()
    // The form now holds the user's own text, which the next press sends.
    sampleLoad = { controller: new AbortController(), done: Promise.resolve(true) }
    showProblem({ message: 'The sample could not be loaded. Choose it again, or paste a text.' })
    return false
  }
}

/**
 * Sends the form. Aborts an older request.
 *
 * @param {number} [maxStaleSeconds] - the time after its TTL during which an answer may be served
 */
async function ask(maxStaleSeconds = 0) {
  const load = sampleLoad
  const isLoaded = await load.done
  // A press that waited for a sample sends only that sample.
  if (!isLoaded) return
  // Another sample was chosen in between. The form does not have its text yet.
  if (load !== sampleLoad) return ask(maxStaleSeconds)
  const request = requestForm.read()
  if (pending !== undefined && requestForm.isSame(pending.request, request)) return
  stop()
  const problem = problemIn(request)
  if (problem !== undefined) {
    showProblem(problem)
    return
  }
  const asked = { request, controller: new AbortController() }
  pending = asked
  lastAsked = request
  save()
  showPending(request)
  setButton()
  const { model } = await experiments
  const outcome = await sendForm(bodyOf(request), {
    ...{ model, maxStaleSeconds, signal: asked.controller.signal },
    onWords: (words) => {
      if (pending === asked) showWords(words)
    },
  })
  // A newer request was sent in between, or this one was cancelled.
  if (pending !== asked) return
  pending = undefined
  setButton()
  if (outcome.problem === undefined) {
    lastAnswered = request
    showAnswer(request, outcome.answer, outcome.roundTripMs)
    addToVisit(request, outcome.answer.cache)
  } else {
    showProblem(outcome.problem)
  }
  await refreshStatus()
}

/** Sends the form a hundred times at once, and shows how often the service computed the answer. */
async function burst() {
  const body = await formBody()
  if (body === undefined) return
  element('burst').disabled = true
  say('Sending 100 requests…')
  say(await sendBurst(addressFor(await experiments), body))
  element('burst').disabled = false
  await refreshStatus()
}

/** Expires the answer to the form, and asks for it with permission for an expired one. */
async function serveStale() {
  const { expire } = await experiments
  if (await expire()) await ask(STALE_SECONDS)
}

/** @returns {Promise<object | undefined>} the body of the request in the form; undefined if it cannot be sent */
async function formBody() {
  if (!(await sampleLoad.done)) return undefined
  const request = requestForm.read()
  const problem = problemIn(request)
  if (problem === undefined) return bodyOf(request)
  showProblem(problem)
  return undefined
}

function bodyOf({ text, operation, question }) {
  return operation === 'qa' ? { text, operation, question } : { text, operation }
}

function cancel() {
  stop()
  lastAsked = undefined
  save()
  clearAnswer('Cancelled. Press Analyse to ask again.')
  button.focus()
}

function stop() {
  pending?.controller.abort()
  pending = undefined
  setButton()
}

/** Disables the button until the answer to the request in the form arrives. */
function setButton() {
  const waits = pending !== undefined && requestForm.isSame(pending.request, requestForm.read())
  // Disabling a button removes its focus, and keyboard users lose their place on the page.
  if (waits && document.activeElement === button) returnsFocus = true
  button.disabled = waits
  if (waits || !returnsFocus) return
  returnsFocus = false
  if (document.activeElement === document.body) button.focus()
}

function changed() {
  requestForm.show()
  setButton()
  clearTimeout(saveTimer)
  saveTimer = setTimeout(save, SAVE_AFTER_MS)
}

function save() {
  clearTimeout(saveTimer)
  const form = requestForm.read()
  const isAsked = lastAsked !== undefined && requestForm.isSame(lastAsked, form)
  requestForm.store(form, isAsked)
}
