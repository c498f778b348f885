// The fields of the form, and how they outlive a reload.
//
// The address holds the sample, the operation and a question about a sample, so that a link to it
// opens the same form. A text of the user's own, and a question about it, are private and may be
// long: they stay in the storage of the tab, which never leaves the browser and ends with the tab.

export const MAX_TEXT_LENGTH = 100_000
export const MAX_QUESTION_LENGTH = 500

const SUGGESTED_QUESTIONS = {
  'day-of-infamy': 'Who attacked the United States?',
  'declaration-of-independence': 'When was the Declaration made?',
  'gift-of-the-magi': 'How much money did Della have?',
}

const CONTROLS = ['sample', 'text', 'operation', 'question']

/** The user's own text, to return to after a look at a sample. */
let ownText = ''

const control = (name) => document.getElementById(name)

export function read() {
  return Object.fromEntries(CONTROLS.map((name) => [name, control(name).value]))
}

/** Changes the fields that are given. */
export function write(fields) {
  for (const name of CONTROLS) {
    const value = fields[name]
    // Writing the same text again would move the cursor.
    if (value !== undefined && control(name).value !== value) control(name).value = value
  }
  if (fields.ownText !== undefined) ownText = fields.ownText
  show()
}

/** Shows what depends on the fields: the question, the source of the sample, the length. */
export function show() {
  const { sample, text, operation } = read()
  control('question-field').hidden = operation !== 'qa'
  control('question').required = operation === 'qa'
  control('sample-source').hidden = sample === ''
  control('sample-source').firstElementChild.href = `samples/${sample}.txt`
  control('text-length').textContent =
    `${count(text.length)} of ${count(MAX_TEXT_LENGTH)} characters`
  control('text-length').classList.toggle('problem', text.length > MAX_TEXT_LENGTH)
}

/** Takes the text for the user's own, whether typed from nothing or out of a sample. */
export function keepOwnText() {
  ownText = control('text').value
  control('sample').value = ''
}

export function writeOwnText() {
  write({ sample: '', text: ownText })
}

/** @returns the user's own question, or one that the sample answers */
export function questionFor(sample, question) {
  const isOurs = question === '' || Object.values(SUGGESTED_QUESTIONS).includes(question)
  return isOurs ? SUGGESTED_QUESTIONS[sample] : question
}

/** Whether two forms ask the service for the same. */
export function isSame(left, right) {
  return (
    left.text === right.text &&
    left.operation === right.operation &&
    (left.operation !== 'qa' || left.question === right.question)
  )
}

/** Keeps the form in the tab, and the part of it that may be shared in the address. */
export function store({ sample, operation, question }, isAsked) {
  const shared = new URLSearchParams({ operation })
  if (sample !== '') {
    shared.set('sample', sample)
    const isTyped = question !== '' && question !== SUGGESTED_QUESTIONS[sample]
    if (operation === 'qa' && isTyped && question.length <= MAX_QUESTION_LENGTH) {
      shared.set('question', question)
    }
  }
  keepInTab(entryName(), { sample, operation, question, ownText, isAsked })
  history.replaceState(history.state, '', `#${shared}`)
}

/** @returns what was stored for this history entry, or else what the address says */
export function load() {
  const stored = storedFor(entryName()) ?? Object.fromEntries(sharedFields())
  const sample = oneOf('sample', stored.sample) ?? ''
  const text = stored.ownText ?? ''
  return {
    sample,
    text: sample === '' ? text : '',
    operation: oneOf('operation', stored.operation) ?? 'summarize',
    question: stored.question ?? '',
    ownText: text,
    isAsked: stored.isAsked === true,
  }
}

function sharedFields() {
  const fields = new URLSearchParams(location.hash.slice(1))
  return [...fields].filter(([name]) => ['sample', 'operation', 'question'].includes(name))
}

/** @returns the name under which this history entry keeps its form; another entry has another */
function entryName() {
  if (history.state?.form === undefined) {
    history.replaceState({ form: `form ${Date.now()} ${Math.random()}` }, '')
  }
  return history.state.form
}

function storedFor(name) {
  try {
    return JSON.parse(sessionStorage.getItem(name)) ?? undefined
  } catch {
    return undefined
  }
}

// Written even while the page goes, when a change of the history entry would come too late.
function keepInTab(name, form) {
  try {
    sessionStorage.setItem(name, JSON.stringify(form))
  } catch {
    // The storage is full: the forms of older entries go. Where it is forbidden, nothing is kept.
    try {
      sessionStorage.clear()
      sessionStorage.setItem(name, JSON.stringify(form))
    } catch {
      // The form is only a convenience: without a storage, a reload starts with an empty one.
    }
  }
}

function oneOf(name, value) {
  return [...control(name).options].map((option) => option.value).find((known) => known === value)
}

function count(number) {
  return number.toLocaleString('en')
}
