import { InfrastructureError } from '@verbatim/cache-core'
import type { Cluster, Redis } from 'ioredis'
import { hookMethod, listen } from './client-hooks.js'
import { SLOTS } from './cluster-slots.js'
import { malformedReply } from './connection-errors.js'
import { isErrorReply } from './error-replies.js'
import { guardReplies } from './reply-guard.js'

/** The connection by which a client for a Cluster listens. The client's types do not have it. */
interface Subscriber {
  selectSubscriber(): void
  readonly subscriber: Redis | null
}

/**
 * Guards every connection of a client for a Cluster, see {@link guardReplies}: to the nodes, the one that
 * listens, and those on which the client asks where the slots are.
 *
 * @returns a function that stops
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

/** Nodes on which a command has timed out, and that have not replied since. */
const unresponsive = new WeakSet<Redis>()
/** Functions that end the questions which wait for the reply of a node. */
const questions = new WeakMap<Redis, Set<() => void>>()

/**
 * Stops asking a node where the slots are. The client asks one node after the other, and gives each as long
 * as a slow connection may take. So a frozen node would delay the answer.
 */
export function stopAsking(node: Redis): void {
  unresponsive.add(node)
  for (const end of questions.get(node) ?? []) end()
}

/** Allows questions to a node again: it replies, or another connection to it begins. */
export function askAgain(node: Redis): void {
  unresponsive.delete(node)
}

type Callback = (error: unknown, reply?: unknown) => void

/**
 * Checks the reply to the question where the slots are. The client reads the reply in a callback, and an
 * error in that callback would end the process.
 *
 * @param connection - the connection that the client made for the question
 * @param node - the node that is asked on it
 */
function guardSlotQuestions(connection: Redis, node: Redis): void {
  // The question itself fails only with "Connection is closed".
  let cause: unknown
  connection.on('error', (error: unknown) => {
    cause = error
  })
  hookMethod(connection, 'cluster', (original) => {
    const ask = original as unknown as (...words: unknown[]) => Promise<unknown>
    return (...words: unknown[]) => {
      const callback = words.at(-1)
      if (words[0] !== 'SLOTS' || typeof callback !== 'function') return ask(...words)
      const question = { node, ask: () => ask('SLOTS'), cause: () => cause }
      return reply(question, callback as Callback)
    }
  })
}

interface Question {
  readonly node: Redis
  readonly ask: () => Promise<unknown>
  /** Returns why the connection was lost, if it was. */
  readonly cause: () => unknown
}

async function reply({ node, ask, cause }: Question, callback: Callback): Promise<void> {
  try {
    const slots = await unlessUnresponsive(node, ask)
    if (!areSlots(slots)) throw malformedReply('CLUSTER SLOTS must be a list of ranges and nodes')
    callback(null, slots)
  } catch (error) {
    const isAboutConnection = !(error instanceof InfrastructureError) && !isErrorReply(error)
    callback((isAboutConnection && cause()) || error)
  }
}

async function unlessUnresponsive<T>(node: Redis, ask: () => Promise<T>): Promise<T> {
  if (unresponsive.has(node)) throw nodeIsUnresponsive()
  const ends = questions.get(node) ?? new Set()
  questions.set(node, ends)
  let end = (): void => undefined
  const isOver = new Promise<never>((_resolve, reject) => {
    end = () => reject(nodeIsUnresponsive())
  })
  ends.add(end)
  try {
    return await Promise.race([ask(), isOver])
  } finally {
    ends.delete(end)
  }
}

function nodeIsUnresponsive(): InfrastructureError {
  return new InfrastructureError(
    'the node does not respond; the client asks other nodes where the slots are',
    { code: 'BACKEND_TIMEOUT', context: { outcome: 'failed' } },
  )
}

/** @see https://redis.io/docs/latest/commands/cluster-slots/ */
function areSlots(slots: unknown): boolean {
  return (
    Array.isArray(slots) &&
    slots.every(
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
