import type { Cluster, Redis } from 'ioredis'
import { hookMethod } from './method-hook.js'
import { guardReplies } from './reply-guard.js'
import { listen } from './shared-listeners.js'
import { askAgain, guardSlotQuestions } from './slot-questions.js'

/** Connection of a cluster client that only listens. The types of the client leave it out. */
interface Subscriber {
  selectSubscriber(): void
  readonly subscriber: Redis | null
}

/**
 * Guards every connection of a client for a Cluster as {@link guardReplies} does: to the nodes, the
 * one that listens, and those by which the client asks where the slots are.
 *
 * @returns how to stop
 */
export function guardCluster(cluster: Cluster): () => void {
  const stops = new Map<Redis, () => void>()
  const add = (node: Redis): void => {
    if (!stops.has(node)) stops.set(node, guardNode(node))
  }
  const remove = (node: Redis): void => {
    stops.get(node)?.()
    stops.delete(node)
  }
  for (const node of cluster.nodes()) add(node)
  const others = [
    listen(cluster, '+node', (node) => add(node as Redis)),
    listen(cluster, '-node', (node) => remove(node as Redis)),
    guardSubscriber((cluster as unknown as { subscriber?: Subscriber }).subscriber),
  ]
  return () => {
    for (const stop of [...others, ...stops.values()]) stop()
    stops.clear()
  }
}

function guardNode(node: Redis): () => void {
  const guard = guardReplies(node)
  const stopHooking = hookMethod(node, 'duplicate', (original) => {
    const duplicate = original as unknown as (options?: object) => Redis
    return (options?: object) => {
      const copy = duplicate(options)
      guardReplies(copy)
      guardSlotQuestions(copy, node)
      return copy
    }
  })
  const stopListening = listen(node, 'close', () => askAgain(node))
  return () => {
    guard.stop()
    stopHooking()
    stopListening()
    askAgain(node)
  }
}

function guardSubscriber(subscriber: Subscriber | undefined): () => void {
  if (typeof subscriber?.selectSubscriber !== 'function') return () => undefined
  if (subscriber.subscriber) guardReplies(subscriber.subscriber)
  return hookMethod(subscriber, 'selectSubscriber', (original) => () => {
    original()
    if (subscriber.subscriber) guardReplies(subscriber.subscriber)
  })
}
