// One hundred identical requests at the same time, to show that the service computes them once.

import { formatDuration } from './durations.js'
import { post } from './send.js'

const REQUESTS = 100
const GIVE_UP_AFTER_MS = 60_000

/**
 * Sends a request a hundred times at once.
 *
 * @param {string} address - the route that performs the operation
 * @param {object} body - the body of each request
 * @returns {Promise<string>} what the service did, or why it failed
 */
export async function sendBurst(address, body) {
  const startedAt = performance.now()
  const signal = AbortSignal.timeout(GIVE_UP_AFTER_MS)
  const send = async () => {
    const response = await post(address, body, { signal })
    if (!response.ok) return 'failed'
    await response.arrayBuffer()
    return response.headers.get('x-cache')
  }
  const outcomes = await Promise.all(
    Array.from({ length: REQUESTS }, () => send().catch(() => 'failed')),
  )
  const count = (status) => outcomes.filter((outcome) => outcome === status).length
  const parts = [
    [count('MISS'), count('MISS') === 1 ? 'computation' : 'computations'],
    [count('COALESCED'), 'waited for it'],
    [count('HIT'), count('HIT') === 1 ? 'hit' : 'hits'],
    [count('failed'), 'failed'],
  ].filter(([number], index) => number > 0 || index === 0)
  const took = formatDuration(performance.now() - startedAt)
  return `${REQUESTS} requests in ${took}: ${parts.map(([number, name]) => `${number} ${name}`).join(', ')}.`
}
