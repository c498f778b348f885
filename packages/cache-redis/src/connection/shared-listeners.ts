import type { EventEmitter } from 'node:events'

type Listener = (...details: unknown[]) => void

interface SharedListener {
  readonly told: Set<Listener>
  readonly tellAll: Listener
}

const sharedListeners = new WeakMap<EventEmitter, Map<string, SharedListener>>()

/**
 * Listens to a client together with any number of other caches: the client has one listener for an
 * event, and none once the last cache has stopped. Of more than ten, Node warns.
 *
 * @returns how to stop
 */
export function listen(emitter: EventEmitter, event: string, listener: Listener): () => void {
  const shared = sharedListenerOf(emitter, event)
  shared.told.add(listener)
  return () => {
    if (!shared.told.delete(listener) || shared.told.size > 0) return
    emitter.off(event, shared.tellAll)
    sharedListeners.get(emitter)?.delete(event)
  }
}

function sharedListenerOf(emitter: EventEmitter, event: string): SharedListener {
  const byEvent = sharedListeners.get(emitter) ?? new Map<string, SharedListener>()
  sharedListeners.set(emitter, byEvent)
  const known = byEvent.get(event)
  if (known !== undefined) return known
  const told = new Set<Listener>()
  const tellAll = (...details: unknown[]): void => {
    for (const listener of [...told]) listener(...details)
  }
  byEvent.set(event, { told, tellAll })
  emitter.on(event, tellAll)
  return { told, tellAll }
}
