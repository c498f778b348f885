// The buttons that show what a cache does: expire an answer, serve an expired one, and lose Redis.

import { problemOf, UNREACHABLE } from './problems.js'
import { post } from './send.js'

const GIVE_UP_AFTER_MS = 15_000
const HINT = 'Point at a button, or move to it with Tab, to read what it shows.'

const element = (id) => document.getElementById(id)

/** Shows the outcome of an experiment. */
export function say(sentence) {
  element('experiment').textContent = sentence
}

/** Shows what a button does while it has the pointer or the focus. */
export function explainButtons() {
  const line = element('explanation')
  const show = (target) => {
    const button = target?.closest?.('#experiments button')
    line.textContent = button ? element(button.getAttribute('aria-describedby')).textContent : HINT
  }
  const experiments = element('experiments')
  show(undefined)
  experiments.addEventListener('pointerover', ({ target }) => show(target))
  experiments.addEventListener('focusin', ({ target }) => show(target))
  for (const left of ['pointerleave', 'focusout']) {
    experiments.addEventListener(left, () => show(document.activeElement))
  }
}

/**
 * Asks the service which experiments it permits, and shows their buttons.
 *
 * @param {{ formBody: () => Promise<object | undefined>, refreshStatus: () => Promise<void> }} page
 * @returns {Promise<{ model?: string, expire: () => Promise<boolean> }>}
 */
export async function loadExperiments({ formBody, refreshStatus }) {
  const { controls = false, redis, model } = await send('playground/').catch(() => ({}))
  element('model').hidden = model === undefined
  if (model !== undefined)
    element('model').textContent = `The answers come from the model ${model}.`
  // The answers of a model have keys of their own.
  const canExpire = controls && model === undefined
  element('expire').hidden = !canExpire
  element('stale').hidden = !canExpire
  element('redis').hidden = redis === undefined
  let isRunning = redis === 'running'
  const expire = async () => {
    const body = await formBody()
    return body !== undefined && attempt(() => send('playground/expire', body))
  }
  const showRedis = () => {
    element('redis').textContent = isRunning ? 'Stop Redis' : 'Start Redis'
  }
  const expireNow = async () => {
    if (await expire()) say('The TTL of this answer has ended. Press Analyse to compute it again.')
  }
  const toggleRedis = async () => {
    element('redis').disabled = true
    const isChanged = await attempt(() => send('playground/redis', { running: !isRunning }))
    element('redis').disabled = false
    element('redis').focus()
    if (!isChanged) return
    isRunning = !isRunning
    showRedis()
    say(isRunning ? 'Redis runs again.' : 'Redis is stopped. Go on asking: no request fails.')
    await refreshStatus()
  }
  element('expire').addEventListener('click', () => void expireNow())
  element('redis').addEventListener('click', () => void toggleRedis())
  showRedis()
  return { model, expire }
}

/** @returns {Promise<boolean>} whether the action succeeded; says why it did not */
async function attempt(action) {
  try {
    await action()
    say('')
    return true
  } catch (failure) {
    say(failure.problem?.message ?? UNREACHABLE.message)
    return false
  }
}

async function send(address, body) {
  const signal = AbortSignal.timeout(GIVE_UP_AFTER_MS)
  const response = await (body ? post(address, body, { signal }) : fetch(address, { signal }))
  const answer = await response.json().catch(() => undefined)
  if (response.ok && answer !== undefined) return answer
  throw Object.assign(new Error(`status ${response.status}`), {
    problem: problemOf(response.status, answer),
  })
}
