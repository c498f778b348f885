import type { Cluster, Redis } from 'ioredis'
import { malformedReply } from './connection-errors.js'
import { hookMethod } from './method-hook.js'
import { guardReplies } from './reply-guard.js'
import { listen } from './shared-listeners.js'

type Callback = (error: unknown, reply?: unknown) => void

/** Connection of a cluster client that only listens. The types of the client leave it out. */
interface Subscriber {
  selectSubscriber(): void
  readonly subscriber: Redis | null
}

const SLOTS = 16_384

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
      checkSlots(copy)
      return copy
    }
  })
  return () => {
    guard.stop()
    stopHooking()
  }
}

/** The client reads the answer in a callback, from which errors would end the process. */
function checkSlots(copy: Redis): void {
  hookMethod(copy, 'cluster', (original) => {
    const ask = original as unknown as (...words: unknown[]) => Promise<unknown>
    return (...words: unknown[]) => {
      const callback = words.at(-1)
      if (words[0] !== 'SLOTS' || typeof callback !== 'function') return ask(...words)
      return answer(ask('SLOTS'), callback as Callback)
    }
  })
}

async function answer(reply: Promise<unknown>, callback: Callback): Promise<void> {
  try {
    const slots = await reply
    if (!areSlots(slots)) throw malformedReply('CLUSTER SLOTS must be a list of ranges and nodes')
    callback(null, slots)
  } catch (error) {
    callback(error)
  }
}

/** @see https://redis.io/docs/latest/commands/cluster-slots/ */
function areSlots(reply: unknown): boolean {
  return (
    Array.isArray(reply) &&
    reply.every(
      (range: unknown) =>
        Array.isArray(range) &&
        isSlot(range[0]) &&
        isSlot(range[1]) &&
        range.slice(2).every(isNode),
    )
  )
}

function isSlot(slot: unknown): boolean {
  return Number.isInteger(slot) && (slot as number) >= 0 && (slot as number) < SLOTS
}

function isNode(node: unknown): boolean {
  if (!Array.isArray(node)) return false
  const [host, port] = node as unknown[]
  const isHost = host === null || typeof host === 'string'
  return isHost && Number.isInteger(port) && (port as number) >= 0 && (port as number) < 65_536
}

function guardSubscriber(subscriber: Subscriber | undefined): () => void {
  if (typeof subscriber?.selectSubscriber !== 'function') return () => undefined
  if (subscriber.subscriber) guardReplies(subscriber.subscriber)
  return hookMethod(subscriber, 'selectSubscriber', (original) => () => {
    original()
    if (subscriber.subscriber) guardReplies(subscriber.subscriber)
  })
}
