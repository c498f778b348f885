import { InfrastructureError } from '@verbatim/cache-core'
import type { Redis } from 'ioredis'
import { malformedReply } from './connection-errors.js'
import { isErrorReply } from './error-replies.js'
import { hookMethod } from './method-hook.js'

type Callback = (error: unknown, reply?: unknown) => void

const SLOTS = 16_384

/** Nodes that have let a command wait in vain, and do not say anything now. */
const silent = new WeakSet<Redis>()
/** How to end the questions that wait for the answer of a node. */
const waiting = new WeakMap<Redis, Set<() => void>>()

/**
 * A client for a Cluster asks one node after the other where the slots are, and gives each as long as a
 * slow connection may take. So that a frozen node does not hold the question up, nobody asks it any more.
 */
export function askNoMore(node: Redis): void {
  silent.add(node)
  for (const end of waiting.get(node) ?? []) end()
}

/** The node answers again, or another connection to it begins. */
export function askAgain(node: Redis): void {
  silent.delete(node)
}

/**
 * Checks what a connection answers to the question where the slots are.
 *
 * The client reads the answer in a callback, from which errors would end the process.
 *
 * @param connection - which the client has made for the question
 * @param node - that is asked over it
 */
export function guardSlotQuestions(connection: Redis, node: Redis): void {
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
      return answer(question, callback as Callback)
    }
  })
}

interface Question {
  readonly node: Redis
  readonly ask: () => Promise<unknown>
  /** Why the connection was lost, if it was. */
  readonly cause: () => unknown
}

async function answer({ node, ask, cause }: Question, callback: Callback): Promise<void> {
  try {
    const slots = await unlessSilent(node, ask)
    if (!areSlots(slots)) throw malformedReply('CLUSTER SLOTS must be a list of ranges and nodes')
    callback(null, slots)
  } catch (error) {
    const isAboutConnection = !(error instanceof InfrastructureError) && !isErrorReply(error)
    callback((isAboutConnection && cause()) || error)
  }
}

async function unlessSilent<T>(node: Redis, ask: () => Promise<T>): Promise<T> {
  if (silent.has(node)) throw nodeIsSilent()
  const ends = waiting.get(node) ?? new Set()
  waiting.set(node, ends)
  let end = (): void => undefined
  const isOver = new Promise<never>((_, reject) => {
    end = () => reject(nodeIsSilent())
  })
  ends.add(end)
  try {
    return await Promise.race([ask(), isOver])
  } finally {
    ends.delete(end)
  }
}

function nodeIsSilent(): InfrastructureError {
  return new InfrastructureError('the node does not answer; others are asked where the slots are', {
    code: 'BACKEND_TIMEOUT',
    context: { outcome: 'failed' },
  })
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
