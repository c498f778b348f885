import type { Redis } from 'ioredis'
import { hookMethod } from './client-hooks.js'
import { renewPassword } from './current-password.js'

/** More handshakes at a time would only delay each of them, until they time out. */
const MAX_OPENING = 32

/** Fields that the client's types do not have. */
interface WithConnector {
  readonly connector: {
    connect(emit: (event: string, error?: unknown) => void): Promise<unknown>
    disconnect(): void
  }
}

/** Connections that wait for their turn to open, in order. */
const queue: Turn[] = []
let opening = 0

interface Turn {
  readonly begin: () => void
}

const turns = new WeakMap<Redis, Promise<void>>()

/**
 * Makes a client wait for its turn each time it connects. A process opens a limited number of connections at
 * a time, however many caches it has.
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
      // The client was disconnected before it was connected.
      if (isWanted) await renewPassword(redis)
      if (!isWanted) throw new Error('Connection is closed.')
      return connect(emit)
    }
  })
  hookMethod(connector, 'disconnect', (original) => () => {
    isWanted = false
    original()
  })
}

/** Resolves when a client has its turn to connect; at once if it waits for none. */
export async function turnToConnect(redis: Redis): Promise<void> {
  await turns.get(redis)
}

function takeTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (opening < MAX_OPENING) {
      opening += 1
      resolve()
    } else queue.push({ begin: resolve })
  })
}

/** Ends a turn when the handshake ends, whatever its result. */
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
