// One hundred identical requests at the same time, to show that the service computes them once.

import { formatDuration } from './durations.js'

const REQUESTS = 100
const GIVE_UP_AFTER_MS = 60_000

/**
 * Sends a request a hundred times at once.
 *
 * @param {object} body - the body of each request
 * @returns {Promise<string>} what the service did, or why it failed
 */
export async function sendBurst(body) {
  const startedAt = performance.now()
  const signal = AbortSignal.timeout(GIVE_UP_AFTER_MS)
  const send = async () => {
    const response = await fetch('process', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal,
    })
    if (!response.ok) return 'failed'
    const { cache } = await response.json()
    return cache.status
  }
  const outcomes = await Promise.all(
    Array.from({ length: REQUESTS }, () => send().catch(() => 'failed')),
  )
  const count = (status) => outcomes.filter((outcome) => outcome === status).length
  const parts = [
    [count('miss'), count('miss') === 1 ? 'analysis' : 'analyses'],
    [count('joined'), 'waited for it'],
    [count('hit'), count('hit') === 1 ? 'hit' : 'hits'],
    [count('failed'), 'failed'],
  ].filter(([number], index) => number > 0 || index === 0)
  const took = formatDuration(performance.now() - startedAt)
  return `${REQUESTS} requests in ${took}: ${parts.map(([number, name]) => `${number} ${name}`).join(', ')}.`
}
