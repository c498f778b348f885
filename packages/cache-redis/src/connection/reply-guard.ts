import type { Redis } from 'ioredis'
import { hookMethod, listen } from './client-hooks.js'
import { malformedReply } from './connection-errors.js'

type Stream = NonNullable<Redis['stream']>
type Emit = (event: string, ...details: unknown[]) => unknown

/** Guards what arrives on the connection to a server, and counts it. */
export interface ReplyGuard {
  /** Bytes that have arrived on the current connection since it is guarded. */
  readonly receivedBytes: number
  stop(): void
}

const receivedBytes = new WeakMap<Stream, number>()

/**
 * Closes a connection when the client library throws while it reads a reply. Otherwise the error would end
 * the process, and one flipped bit in a reply can cause it.
 *
 * The library throws from its listener for data, or catches the error there and throws it again from
 * `process.nextTick`. So `nextTick` is replaced while the listener runs.
 */
export function guardReplies(redis: Redis): ReplyGuard {
  let stopGuarding = (): void => {}
  const guard = (): void => {
    stopGuarding()
    const { stream } = redis
    if (stream) stopGuarding = guardStream(stream)
  }
  const stopListening = listen(redis, 'connect', guard)
  guard()
  const stopSentinels = guardSentinels(redis)
  return {
    get receivedBytes() {
      return receivedBytes.get(redis.stream) ?? 0
    },
    stop() {
      stopListening()
      stopSentinels()
      stopGuarding()
    },
  }
}

/** Guards the connections on which a client asks sentinels where the master is. */
function guardSentinels(redis: Redis): () => void {
  const { connector } = redis as unknown as { connector: object }
  if (!('connectToSentinel' in connector)) return () => undefined
  return hookMethod(connector, 'connectToSentinel', (original) => {
    const connect = original as unknown as (...details: unknown[]) => Redis
    return (...details: unknown[]) => {
      const sentinel = connect(...details)
      guardReplies(sentinel)
      return sentinel
    }
  })
}

function guardStream(stream: Stream): () => void {
  return hookMethod(stream, 'emit', (original) => {
    const emit = original as Emit
    return (event: string, ...details: unknown[]): unknown => {
      if (event !== 'data') return emit(event, ...details)
      const [chunk] = details as [Buffer]
      receivedBytes.set(stream, (receivedBytes.get(stream) ?? 0) + chunk.length)
      return withoutThrowing(stream, () => emit(event, chunk))
    }
  })
}

function withoutThrowing(stream: Stream, deliver: () => unknown): unknown {
  const { nextTick } = process as { nextTick: typeof process.nextTick }
  const fail = (): void => {
    stream.destroy(malformedReply('the client library failed to read it'))
  }
  const guardedTick = <Details extends unknown[]>(
    callback: (...details: Details) => unknown,
    ...details: Details
  ): void => {
    nextTick(() => {
      try {
        callback(...details)
      } catch {
        fail()
      }
    })
  }
  process.nextTick = guardedTick
  try {
    return deliver()
  } catch {
    fail()
    return true
  } finally {
    if (process.nextTick === guardedTick) process.nextTick = nextTick
  }
}
