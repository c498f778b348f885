// The fields of the form. They survive a reload.
//
// The address holds the sample, the operation and a question about a sample, so that a link opens the
// same form. A text of the user and a question about it are private and may be long. They stay in the
// storage of the tab, which never leaves the browser and ends with the tab.

export const MAX_TEXT_LENGTH = 100_000
export const MAX_QUESTION_LENGTH = 500

const SUGGESTED_QUESTIONS = {
  'day-of-infamy': 'Who attacked the United States?',
  'declaration-of-independence': 'When was the Declaration made?',
  'gift-of-the-magi': 'How much money did Della have?',
}

/** The sample of a page that was opened without a link to another form. */
const FIRST_SAMPLE = 'day-of-infamy'

const CONTROLS = ['sample', 'text', 'operation', 'question']

/** The user's own text, to restore it after a sample. */
let ownText = ''

const control = (name) => document.getElementById(name)

export function read() {
  return Object.fromEntries(CONTROLS.map((name) => [name, control(name).value]))
}

/** Sets the given fields. */
export function write(fields) {
  for (const name of CONTROLS) {
    const value = fields[name]
    // Setting the same text again would move the cursor.
    if (value !== undefined && control(name).value !== value) control(name).value = value
  }
  if (fields.ownText !== undefined) ownText = fields.ownText
  show()
}

/** Updates the parts that depend on the fields: the question, the source of the sample, the length. */
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

/** Treats an edited text as the user's own, also one that began as a sample. */
export function treatAsOwnText() {
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

/** Returns whether two forms make the same request. */
export function isSame(left, right) {
  return (
    left.text === right.text &&
    left.operation === right.operation &&
    (left.operation !== 'qa' || left.question === right.question)
  )
}

/** Stores the form in the tab, and its public fields in the address. */
export function store({ sample, operation, question }, isAsked) {
  const shared = new URLSearchParams({ operation })
  if (sample !== '') {
    shared.set('sample', sample)
    const isTyped = question !== '' && question !== SUGGESTED_QUESTIONS[sample]
    if (operation === 'qa' && isTyped && question.length <= MAX_QUESTION_LENGTH) {
      shared.set('question', question)
    }
  }
  storeInTab(entryName(), { sample, operation, question, ownText, isAsked })
  history.replaceState(history.state, '', `#${shared}`)
}

/** @returns the form that was stored for this history entry, the one in the address, or a sample */
export function load() {
  const isFirstVisit = location.hash === ''
  const shared = isFirstVisit ? { sample: FIRST_SAMPLE } : Object.fromEntries(sharedFields())
  const stored = storedFor(entryName()) ?? shared
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

/** @returns the name under which this history entry stores its form */
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

// Also runs while the page closes, when a change of the history entry would come too late.
function storeInTab(name, form) {
  try {
    sessionStorage.setItem(name, JSON.stringify(form))
  } catch {
    // The storage is full, so the forms of older entries are removed. A forbidden storage stays empty.
    try {
      sessionStorage.clear()
      sessionStorage.setItem(name, JSON.stringify(form))
    } catch {
      // Without a storage, a reload starts with an empty form.
    }
  }
}

function oneOf(name, value) {
  return [...control(name).options].map((option) => option.value).find((known) => known === value)
}

function count(number) {
  return number.toLocaleString('en')
}
