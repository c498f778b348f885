// The list of requests since the page was opened.

import { formatDuration } from './durations.js'
import { requestLabel } from './outcome.js'

const LONGEST_LIST = 12

/**
 * Creates the list.
 *
 * @param {(request: object) => void} askAgain - called with the chosen request
 * @returns {(request: object, cache: object) => void} adds an answered request
 */
export function listVisit(askAgain) {
  const list = document.getElementById('visit-list')
  let savedMs = 0
  let hits = 0

  return (request, cache) => {
    list.prepend(entryFor(request, cache, askAgain))
    while (list.children.length > LONGEST_LIST) list.lastElementChild.remove()
    if (cache.status === 'hit') hits += 1
    savedMs += cache.savedMs ?? 0
    document.getElementById('visit-saved').textContent =
      hits === 0
        ? 'No hit yet: ask the same again.'
        : `${hits === 1 ? '1 hit' : `${hits} hits`}${savedMs > 0 ? ` saved ${formatDuration(savedMs)}` : ''}.`
  }
}

function entryFor(request, { status, durationMs, savedMs }, askAgain) {
  const button = document.createElement('button')
  button.type = 'button'
  button.className = 'plain'
  button.title = 'Ask this again'
  button.append(...requestLabel(request))
  button.addEventListener('click', () => askAgain(request))
  const figures = document.createElement('span')
  figures.className = 'quiet'
  const saved = savedMs > 0 ? `, saved ${formatDuration(savedMs)}` : ''
  figures.textContent = `${formatDuration(durationMs)}${saved}`
  const badge = document.createElement('span')
  badge.className = 'badge small'
  badge.dataset.status = status
  badge.textContent = status.toUpperCase()
  const entry = document.createElement('li')
  entry.append(badge, button, figures)
  return entry
}
