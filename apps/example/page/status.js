const POLL_EVERY_MS = 2000

const MODES = { memory: 'memory', redis: 'Redis', memory_only: 'memory only' }

/**
 * Shows the state of the cache, now and every two seconds.
 *
 * @returns {() => Promise<void>} shows it at once
 */
export function watchStatus() {
  setInterval(() => {
    if (!document.hidden) void refresh()
  }, POLL_EVERY_MS)
  void refresh()
  return refresh
}

async function refresh() {
  try {
    const response = await fetch('internal/cache/status')
    if (response.ok) show(await response.json())
  } catch {
    set('mode', 'service away')
  }
}

function show({ mode, memory, performance }) {
  set('hit-ratio', `${performance.cache_hit_rate.toFixed(1)} %`)
  set('hits', performance.cache_hits)
  set('misses', performance.cache_misses)
  set('entries', memory.memory_cache_utilization)
  set('mode', MODES[mode])
  document.getElementById('degraded').hidden = mode !== 'memory_only'
}

function set(id, value) {
  document.getElementById(id).textContent = String(value)
}
