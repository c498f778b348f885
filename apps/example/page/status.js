const POLL_EVERY_MS = 2000
const GIVE_UP_AFTER_MS = 5000
const UNKNOWN = '–'

const MODES = { memory: 'memory', redis: 'Redis', memory_only: 'memory only' }

/**
 * Shows the state of the cache, now and every two seconds while the page is visible.
 *
 * @returns {() => Promise<void>} shows it at once
 */
export function watchStatus() {
  let timer
  async function refresh() {
    clearTimeout(timer)
    await update()
    clearTimeout(timer)
    // Starts after the previous request has ended, so that a slow service gets one request at a time.
    if (!document.hidden) timer = setTimeout(() => void refresh(), POLL_EVERY_MS)
  }
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) void refresh()
  })
  addEventListener('pageshow', ({ persisted }) => {
    if (persisted) void refresh()
  })
  void refresh()
  return refresh
}

async function update() {
  try {
    const signal = AbortSignal.timeout(GIVE_UP_AFTER_MS)
    const response = await fetch('internal/cache/status', { signal })
    // The service limits the requests of an address. Its last figures stay.
    if (response.status === 429) return
    if (!response.ok) throw new Error(`status ${response.status}`)
    show(await response.json())
  } catch {
    for (const id of ['hit-ratio', 'hits', 'misses', 'entries']) set(id, UNKNOWN)
    set('mode', 'service away')
    document.getElementById('degraded').hidden = true
  }
}

function show({ mode, memory, performance }) {
  const { cache_hits: hits, cache_misses: misses, cache_hit_rate: ratio } = performance
  set('hit-ratio', hits + misses === 0 ? UNKNOWN : `${ratio.toFixed(1)} %`)
  set('hits', hits)
  set('misses', misses)
  set('entries', memory.memory_cache_utilization)
  set('mode', MODES[mode] ?? mode)
  document.getElementById('degraded').hidden = mode !== 'memory_only'
}

function set(id, value) {
  document.getElementById(id).textContent = String(value)
}
