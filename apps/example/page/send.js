// Sends the form to the service: for an analysis, or for the words of a model.

import { problemOf, UNREACHABLE } from './problems.js'

/** Longer than the time limit of the service, so only a lost connection takes this long. */
const GIVE_UP_AFTER_MS = 60_000

const STATUSES = { HIT: 'hit', STALE: 'stale', COALESCED: 'joined' }

/** The durations of the model for requests of this visit, in milliseconds. */
const modelDurations = new Map()

/** @returns {string} the route that performs the operations */
export function addressFor({ model }) {
  return model === undefined ? 'process' : 'process/stream'
}

/** @returns {Promise<Response>} the response to a body that is sent as JSON */
export function post(address, body, { signal, headers = {} }) {
  return fetch(address, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
    signal,
  })
}

/**
 * Sends a request.
 *
 * @param {object} body
 * @param {{ model?: string, maxStaleSeconds: number, signal: AbortSignal, onWords: (words: string) => void }} options
 * @returns {Promise<{ problem: object } | { answer: object, roundTripMs: number }>}
 */
export async function sendForm(body, { model, maxStaleSeconds, signal, onWords }) {
  const sentAt = performance.now()
  try {
    const response = await post(addressFor({ model }), body, {
      headers: maxStaleSeconds > 0 && {
        'cache-control': `stale-while-revalidate=${maxStaleSeconds}`,
      },
      signal: AbortSignal.any([signal, AbortSignal.timeout(GIVE_UP_AFTER_MS)]),
    })
    const isModel = model !== undefined && response.ok
    const answer = isModel
      ? await wordsOf(response, { body, sentAt, onWords })
      : await response.json().catch(() => undefined)
    if (!response.ok || answer?.cache === undefined) {
      return { problem: problemOf(response.status, answer) }
    }
    return { answer, roundTripMs: performance.now() - sentAt }
  } catch {
    return { problem: UNREACHABLE }
  }
}

/** Reads the words of a model while they arrive. */
async function wordsOf(response, { body, sentAt, onWords }) {
  let words = ''
  // Not every browser can iterate over a stream.
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    words += part.value
    onWords(words)
  }
  const durationMs = performance.now() - sentAt
  const status = STATUSES[response.headers.get('x-cache')] ?? 'miss'
  const name = JSON.stringify(body)
  if (status === 'miss') modelDurations.set(name, durationMs)
  const computeMs = modelDurations.get(name)
  const savedMs = computeMs === undefined ? undefined : Math.max(0, computeMs - durationMs)
  const age = Number(response.headers.get('age') ?? 0)
  const key = response.headers.get('x-cache-key')
  return {
    words,
    cache: {
      status,
      key,
      durationMs,
      computeMs,
      ageMs: age * 1_000,
      ...(status !== 'miss' && { savedMs }),
    },
  }
}
