import type { EventEmitter } from 'node:events'

type Method = (...details: never[]) => unknown

interface Hook {
  users: number
  readonly restore: () => void
}

const hooks = new WeakMap<object, Map<string, Hook>>()

/**
 * Replaces a method of one object while at least one user needs the replacement. Several users of a method
 * share one replacement. When the last user leaves, the method from before is restored.
 *
 * @returns a function that leaves
 */
export function hookMethod(
  target: object,
  name: string,
  replace: (original: Method) => Method,
): () => void {
  const byName = hooks.get(target) ?? new Map<string, Hook>()
  hooks.set(target, byName)
  const hook = byName.get(name) ?? install(target as Record<string, Method>, name, replace)
  byName.set(name, hook)
  hook.users += 1
  let hasLeft = false
  return () => {
    if (hasLeft) return
    hasLeft = true
    hook.users -= 1
    if (hook.users > 0) return
    byName.delete(name)
    hook.restore()
  }
}

function install(
  target: Record<string, Method>,
  name: string,
  replace: (original: Method) => Method,
): Hook {
  const wasOwn = Object.hasOwn(target, name)
  const original = target[name] as Method
  const replacement = replace(original.bind(target))
  target[name] = replacement
  const restore = (): void => {
    // Other code may have replaced the replacement.
    if (target[name] !== replacement) return
    if (wasOwn) target[name] = original
    else delete target[name]
  }
  return { users: 0, restore }
}

type Listener = (...details: unknown[]) => void

interface SharedListener {
  readonly listeners: Set<Listener>
  readonly notifyAll: Listener
}

const sharedListeners = new WeakMap<EventEmitter, Map<string, SharedListener>>()

/**
 * Listens to a client together with any number of other caches. The client has one listener for an event,
 * and none once the last cache has stopped. Node warns of more than ten.
 *
 * @returns a function that stops
 */
export function listen(emitter: EventEmitter, event: string, listener: Listener): () => void {
  const shared = sharedListenerOf(emitter, event)
  shared.listeners.add(listener)
  return () => {
    if (!shared.listeners.delete(listener) || shared.listeners.size > 0) return
    emitter.off(event, shared.notifyAll)
    sharedListeners.get(emitter)?.delete(event)
  }
}

function sharedListenerOf(emitter: EventEmitter, event: string): SharedListener {
  const byEvent = sharedListeners.get(emitter) ?? new Map<string, SharedListener>()
  sharedListeners.set(emitter, byEvent)
  const existing = byEvent.get(event)
  if (existing !== undefined) return existing
  const listeners = new Set<Listener>()
  const notifyAll = (...details: unknown[]): void => {
    for (const listener of [...listeners]) listener(...details)
  }
  byEvent.set(event, { listeners, notifyAll })
  emitter.on(event, notifyAll)
  return { listeners, notifyAll }
}
