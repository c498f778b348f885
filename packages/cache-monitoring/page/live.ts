import { useEffect, useState } from 'preact/hooks'
import type { Overview, Range } from '../src/dashboard/overview.js'

/** The server sends a message every two seconds. */
const LONGEST_SILENCE_MS = 10_000

interface Live {
  readonly overview: Overview | undefined
  /** `undefined` until the first message. */
  readonly isConnected: boolean | undefined
}

/** Follows the live stream of a range while the page is visible. */
export function useLive(range: Range): Live {
  const [overview, setOverview] = useState<Overview>()
  const [isConnected, setIsConnected] = useState<boolean>()
  useEffect(() => {
    let source: EventSource | undefined
    let timer: ReturnType<typeof setTimeout> | undefined
    const stop = (): void => {
      source?.close()
      clearTimeout(timer)
    }
    // A browser gives up after an error page of a proxy, and may not notice that a network is lost.
    const expectMessage = (): void => {
      clearTimeout(timer)
      timer = setTimeout(() => {
        setIsConnected(false)
        follow()
      }, LONGEST_SILENCE_MS)
    }
    const follow = (): void => {
      stop()
      if (document.hidden) return
      source = new EventSource(`api/live?range=${range}`)
      source.addEventListener('message', ({ data }) => {
        const message = JSON.parse(data) as Overview
        setIsConnected(true)
        setOverview((before) => withNewPoints(before, message))
        expectMessage()
      })
      source.addEventListener('error', () => setIsConnected(false))
      expectMessage()
    }
    follow()
    document.addEventListener('visibilitychange', follow)
    return () => {
      document.removeEventListener('visibilitychange', follow)
      stop()
    }
  }, [range])
  return { overview, isConnected }
}

function withNewPoints(before: Overview | undefined, message: Overview): Overview {
  if (before?.range !== message.range) return message
  // The first message of a connection has all points, and so has one after the clock was set back.
  const first = message.points[0]?.at ?? Number.POSITIVE_INFINITY
  const points = [...before.points.filter(({ at }) => at < first), ...message.points]
  const start = (points.at(-1)?.at ?? 0) - message.rangeSeconds * 1_000
  return { ...message, points: points.filter(({ at }) => at > start) }
}
