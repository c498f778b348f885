import type { Redis } from 'ioredis'
import { hookMethod } from './method-hook.js'

/** More handshakes at a time would only make each of them later, until they time out. */
const MOST_OPENING = 32

/** What the types of the client leave out. */
interface WithConnector {
  readonly connector: {
    connect(emit: (event: string, error?: unknown) => void): Promise<unknown>
    disconnect(): void
  }
}

/** Connections whose turn to open has not come, first come first served. */
const queue: Turn[] = []
let opening = 0

interface Turn {
  readonly begin: () => void
}

const turns = new WeakMap<Redis, Promise<void>>()

/**
 * Makes a client wait for its turn each time that it connects: only so many connections of this
 * process are opened at a time, however many caches it has.
 */
export function waitForTurnToConnect(redis: Redis): void {
  const { connector } = redis as unknown as WithConnector
  let isWanted = false
  hookMethod(connector, 'connect', (original) => {
    const connect = original as unknown as WithConnector['connector']['connect']
    return async (emit: Parameters<typeof connect>[0]): Promise<unknown> => {
      isWanted = true
      const turn = takeTurn()
      turns.set(redis, turn)
      await turn
      endTurnOnce(redis)
      // Nobody closes what has not been opened.
      if (!isWanted) throw new Error('Connection is closed.')
      return connect(emit)
    }
  })
  hookMethod(connector, 'disconnect', (original) => () => {
    isWanted = false
    original()
  })
}

/** Resolves when the turn of a client to connect has come, at once if it does not wait for one. */
export async function turnToConnect(redis: Redis): Promise<void> {
  await turns.get(redis)
}

function takeTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (opening < MOST_OPENING) {
      opening += 1
      resolve()
    } else queue.push({ begin: resolve })
  })
}

/** A turn ends when the handshake does, one way or the other. */
function endTurnOnce(redis: Redis): void {
  const end = (): void => {
    for (const event of ENDS) redis.off(event, end)
    const next = queue.shift()
    if (next === undefined) opening -= 1
    else next.begin()
  }
  for (const event of ENDS) redis.on(event, end)
}

const ENDS = ['ready', 'close', 'end'] as const
