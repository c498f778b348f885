/** @returns {string} such as "1.6 ms", "214 ms", "9.7 s" or "2 min" */
export function formatDuration(milliseconds) {
  if (milliseconds < 10) return `${milliseconds.toFixed(1)} ms`
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`
  if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(1)} s`
  return `${Math.round(milliseconds / 60_000)} min`
}

/** @returns {string} such as "saved 1,508 ms, 926 times faster"; empty where the saving is not known */
export function describeSaving({ status, durationMs, computeMs, savedMs }) {
  if ((status !== 'hit' && status !== 'stale') || !(savedMs > 0) || !(durationMs > 0)) return ''
  const times = computeMs / durationMs
  const factor = times < 10 ? times.toFixed(1) : Math.round(times).toLocaleString('en-US')
  const saved = savedMs < 10 ? savedMs.toFixed(1) : Math.round(savedMs).toLocaleString('en-US')
  return `saved ${saved} ms, ${factor} times faster`
}

export function describeAge(milliseconds) {
  const seconds = Math.round(milliseconds / 1000)
  if (seconds === 0) return 'just now'
  if (seconds < 60) return `${seconds} s ago`
  if (seconds < 3600) return `${Math.round(seconds / 60)} min ago`
  return `${Math.round(seconds / 3600)} h ago`
}

/** @returns {string} the time that a hit saved, if it is known */
export function describeHit({ durationMs, computeMs, savedMs }) {
  const took = `Answered in ${formatDuration(durationMs)}`
  if (computeMs === undefined || savedMs === undefined) return `${took}.`
  if (savedMs === 0) return `${took}; the analysis took ${formatDuration(computeMs)}.`
  return `${took} instead of ${formatDuration(computeMs)}: the cache saved ${formatDuration(savedMs)}.`
}
